// What vlgraft plan says before a run beside what the run then took: npm run bench:plan [-- --only vqa-bottleneck].
// Each recipe is shortened, planned and run, in processes of their own. A run of everything writes its table into
// docs/plan.md.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { RunPlan } from '../src/plan/runPlan.js';
import type { RunSummary } from '../src/run/summary.js';
import { packageFolder } from '../src/system/packageFolder.js';
import { writeMarkedSection } from './markedSection.js';

const { values: options } = parseArgs({ options: { only: { type: 'string' } } });

const DATA = 'data/emoji-scenes';

/** Updates and the sizes of the splits, so that a run takes half a minute on one core. */
const RECIPES: Readonly<Record<string, { readonly steps: number; readonly limits: readonly number[] }>> = {
  'vqa-bottleneck': { steps: 100, limits: [4000, 600, 600] },
  'vqa-head-only': { steps: 150, limits: [4000, 600, 600] },
  'nlvr-shortcut': { steps: 80, limits: [1200, 200, 200] },
  'grounding-bottleneck': { steps: 80, limits: [3000, 400, 400] },
  'vcr-shortcut': { steps: 40, limits: [640, 100, 100] },
  'retrieval-bottleneck': { steps: 40, limits: [600, 60, 60] },
};

const root = packageFolder();
const command = join(root, 'dist/src/cli/main.js');

function vlgraft(...words: readonly string[]): string {
  const { status, stdout } = spawnSync(process.execPath, [command, ...words], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`vlgraft ${words.join(' ')} ended with ${status}`);
  return stdout;
}

/** Prediction and what happened. */
interface Pair {
  readonly name: string;
  readonly plan: RunPlan;
  readonly summary: RunSummary;
}

function measure(name: string): Pair {
  const { steps, limits } = RECIPES[name] as (typeof RECIPES)[string];
  const splits = ['train', 'validation', 'test'].map((split, at) => `data.${split}.limit=${limits[at]}`);
  // Nothing that an earlier run stored is there for plan or run.
  const cache = `runs/bench/plan/${name}-cache`;
  rmSync(join(root, cache), { recursive: true, force: true });
  const set = [
    `cache.folder=${cache}`,
    `training.maxSteps=${steps}`,
    'training.evaluateEvery=40',
    ...splits,
  ].flatMap((one) => ['--set', one]);
  const output = `runs/bench/plan/${name}`;
  console.error(name);
  const plan = JSON.parse(vlgraft('plan', name, ...set, '--json', '--quiet')) as RunPlan;
  rmSync(join(root, output), { recursive: true, force: true });
  const run = vlgraft('run', name, ...set, '--output', output, '--json', '--quiet');
  return { name, plan, summary: JSON.parse(run) as RunSummary };
}

const difference = (predicted: number, actual: number): string => {
  const share = Math.round(100 * (predicted / actual - 1));
  return `${share > 0 ? '+' : ''}${share} %`;
};
const compared = (predicted: number, actual: number, show: (value: number) => string): string =>
  `${show(predicted)} | ${show(actual)} | ${difference(predicted, actual)}`;
const seconds = (value: number): string => `${value.toFixed(1)} s`;
const milliseconds = (value: number): string => `${Math.round(1000 * value)} ms`;
const megabytes = (value: number): string => `${Math.round(value / 1e6)} MB`;

function rowOf({ name, plan, summary }: Pair): string {
  return [
    `| \`${name}\``,
    compared(plan.seconds.total, summary.seconds.total, seconds),
    compared(plan.seconds.training / plan.steps.total, summary.seconds.train / summary.steps, milliseconds),
    `${compared(plan.memory.peak, summary.peakMemoryBytes, megabytes)} |`,
  ].join(' | ');
}

const wanted = options.only?.split(',');
const names = Object.keys(RECIPES).filter((name) => wanted?.includes(name) ?? true);
if (!existsSync(join(root, DATA))) vlgraft('data', 'make', 'emoji-scenes', '--output', DATA);
const pairs = names.map((name) => {
  const pair = measure(name);
  console.error(rowOf(pair));
  return pair;
});
const table = [
  '| recipe | planned | total | | planned | a step | | planned | peak memory | |',
  '|---|---|---|---|---|---|---|---|---|---|',
  ...pairs.map(rowOf),
  '',
  `Machine: ${availableParallelism()} of ${cpus().length} cores (${cpus()[0]?.model.trim()}).`,
].join('\n');

if (!wanted) writeMarkedSection('plan.md', 'bench:plan', table);
console.log(table);
