// Every adapter on VQA and grounding of the sample data: npm run bench:adapters [-- --only lora,bottleneck]
// [--tasks vqa] [--seeds 1] [--steps 100] [--overwrite]. What is finished is not run again. Run folders go to
// runs/bench/adapters/; a run of everything writes its tables into docs/results.md and its plots into docs/images.
// With --rates 3e-4,1e-3,3e-3 it measures learning rates instead, on a seed of their own.

import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { adapters as known } from '../adapters/index.js';
import { carryOut } from '../src/comparison/compare.js';
import type { Comparison } from '../src/comparison/comparison.js';
import { comparisonTable, rowTitle } from '../src/comparison/table.js';
import type { Variant } from '../src/comparison/variant.js';
import { shippedModules } from '../src/modules/shippedModules.js';
import { readRecipe } from '../src/recipe/load.js';
import { packageFolder } from '../src/system/packageFolder.js';
import { type BenchEntry, benchEntries, HEAD_RATE } from './adapterEntries.js';
import { writeMarkedSection } from './markedSection.js';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    tasks: { type: 'string' },
    seeds: { type: 'string' },
    steps: { type: 'string' },
    rates: { type: 'string' },
    overwrite: { type: 'boolean', default: false },
  },
});

const DATA = 'data/emoji-scenes';
/** Updates of a training: of VQA nearly three epochs of the examples below. */
const TASKS = { vqa: 200, grounding: 200 } as const;
/** A part of the data, so that the whole takes half an hour; read from the beginning of each split. */
const LIMITS = { train: 4800, validation: 600, test: 1200 } as const;
const SEEDS = [1, 2, 3];
/** Rates are not chosen on the seeds that they are then reported on. */
const RATE_SEEDS = [11];

type Task = keyof typeof TASKS;

const listed = (text: string | undefined): readonly string[] | undefined => text?.split(',');
const only = listed(options.only);
const rates = listed(options.rates)?.map(Number);
const seeds = listed(options.seeds)?.map(Number) ?? (rates ? RATE_SEEDS : SEEDS);
const tasks = (Object.keys(TASKS) as Task[]).filter((task) => listed(options.tasks)?.includes(task) ?? true);
const isWhole = ![options.only, options.tasks, options.seeds, options.steps, options.rates].some(Boolean);

const isKnown = ({ adapters }: BenchEntry): boolean =>
  adapters.every((entry) => known.some(({ kind }) => kind === entry.kind));
const missing = known.filter(({ kind }) => !benchEntries.some(({ name }) => name === kind));
if (missing.length > 0)
  throw new Error(`bench/adapterEntries.ts lacks ${missing.map(({ kind }) => kind).join(', ')}`);
const entries = benchEntries.filter((entry) => isKnown(entry) && (only?.includes(entry.name) ?? true));

const flag = 'bench/adapterEntries.ts';
const changesOf = ({ adapters }: BenchEntry, rate: number): Variant['changes'] => [
  { path: ['adapters'], value: adapters, flag },
  { path: ['training', 'optimizer', 'learningRate'], value: rate, flag },
  { path: ['training', 'headLearningRateScale'], value: HEAD_RATE / rate, flag },
];
const variants: Variant[] = rates
  ? entries.flatMap((entry) =>
      rates.map((rate) => ({
        name: `${entry.name},${rate}`,
        values: { adapter: entry.name, learningRate: rate },
        changes: changesOf(entry, rate),
      })),
    )
  : entries.map((entry) => ({ name: entry.name, changes: changesOf(entry, entry.learningRate) }));

function compareOn(task: Task): Promise<Comparison> {
  const steps = options.steps ?? TASKS[task];
  const limits = Object.entries(LIMITS).map(([split, limit]) => `data.${split}.limit=${limit}`);
  const settings = [
    `name=${task}`,
    `training.maxSteps=${steps}`,
    `training.evaluateEvery=${steps}`,
    ...limits,
  ];
  return carryOut(
    rates ? 'sweep' : 'compare',
    readRecipe(`${task}-head-only`, settings),
    { variants, problems: [] },
    {
      seeds,
      output: `runs/bench/adapters/${rates ? `${task}-rates` : task}`,
      overwrite: options.overwrite,
      onLog: (line) => console.error(line),
    },
    shippedModules,
  );
}

const settingsTable = (): string[] => [
  '| adapter | options | learning rate |',
  '|---|---|---|',
  ...entries.map(({ name, adapters, learningRate }) => {
    const told = adapters.map(({ kind: _kind, ...own }) => `\`${JSON.stringify(own)}\``).join(', ');
    return `| ${rowTitle({ name })} | ${told || '-'} | ${learningRate} |`;
  }),
];

const pictureOf = (task: Task): string => `images/adapters-${task}.svg`;

function sectionOf(comparisons: readonly (readonly [Task, Comparison])[]): string {
  const parts = comparisons.flatMap(([task, comparison]) => [
    `### ${task}, ${TASKS[task]} steps, at most ${LIMITS.train} training examples`,
    comparisonTable(comparison),
    `![${comparison.metric.name} of ${task} on the unseen artist against trainable parameters](${pictureOf(task)})`,
  ]);
  const machine = `Machine: ${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB.`;
  return [...parts, settingsTable().join('\n'), machine].join('\n\n');
}

const root = packageFolder();
process.chdir(root);
if (!existsSync(DATA)) {
  const make = ['dist/src/cli/main.js', 'data', 'make', 'emoji-scenes', '--output', DATA];
  const { status } = spawnSync(process.execPath, make, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`the sample data could not be made: ${status}`);
}
const comparisons: (readonly [Task, Comparison])[] = [];
for (const task of tasks) {
  console.error(`\n${task}`);
  const comparison = await compareOn(task);
  console.log(`${task}\n\n${comparisonTable(comparison)}\n`);
  comparisons.push([task, comparison]);
}
const failed = comparisons.some(([, { rows }]) =>
  rows.some(({ trials }) => trials.some(({ error }) => error)),
);
if (failed) process.exitCode = 1;

if (isWhole && !failed) {
  writeMarkedSection('results.md', 'bench:adapters', sectionOf(comparisons));
  for (const [task, { folder }] of comparisons) {
    copyFileSync(join(folder, 'plots/parameters.svg'), join(root, 'docs', pictureOf(task)));
  }
}
