import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BuiltCli } from '../cli/builtCli.js';
import { buildTinyCli } from '../cli/tinyRecipe.js';
import { subjectsIn } from '../taskSubjects.js';
import { countKills, killAll, type Subject } from './kills.js';

/** A few in each run of the tests; `npm run test:kills` asks for more. */
const KILLS = Number(process.env.VLGRAFT_KILLS ?? 4);
const SEED = process.env.VLGRAFT_KILLS_SEED ?? 'tests';

const splits = ['train', 'val', 'test'] as const;
const { vqa, nlvr, pretrain } = subjectsIn('data/emoji-scenes');

/** A recipe like the tiny one, of another task. */
function writeRecipe(folder: string, name: string, task: object, files: (split: string) => object): void {
  const tiny = JSON.parse(readFileSync(join(folder, 'tiny.json'), 'utf8'));
  const [train, validation, test] = splits.map(files);
  const data = { ...tiny.data, train, validation, test };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify({ ...tiny, name, task, data }));
}

let cli: BuiltCli;
beforeAll(async () => {
  cli = await buildTinyCli();
  const tasks = { vqa: { kind: 'vqa' }, pairs: { kind: 'nlvr' } };
  const both = (split: string) => ({ vqa: vqa?.files(split), pairs: nlvr?.files(split) });
  writeRecipe(cli.folder, 'both', { kind: 'multi', tasks }, both);
  const { options, files } = pretrain as NonNullable<typeof pretrain>;
  writeRecipe(cli.folder, 'captions', { kind: 'pretrain', ...options }, files);
}, 3_600_000);
afterAll(() => cli.remove());

const set = (values: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(values).flatMap(([key, value]) => ['--set', `${key}=${JSON.stringify(value)}`]);

const training = { 'training.maxSteps': 12, 'training.evaluateEvery': 4, 'training.checkpointEvery': 2 };
const withoutCache = { 'cache.mode': 'off' };

function run(
  name: string,
  values: Readonly<Record<string, unknown>>,
  { recipe = 'tiny.json', cache }: { readonly recipe?: string; readonly cache?: string } = {},
): Subject {
  const output = `runs/${name}`;
  const words = ['run', recipe, '--output', output, ...set({ ...training, ...values })];
  return { name, words, again: [...words, '--resume'], output, ...(cache && { cache }) };
}

/** A comparison or a sweep, which goes on by the same words. */
function trials(name: string, verb: readonly string[]): Subject {
  const output = `runs/${name}`;
  const words = [...verb, '--output', output];
  return { name, words, again: words, output };
}

const stored = { adapters: [{ kind: 'shortcut' }], 'cache.mode': 'on', 'cache.folder': 'stored' };
const few = [
  run('plain', withoutCache),
  run('stored', stored, { cache: 'stored' }),
  run('accumulating', { ...withoutCache, 'training.accumulate': 2 }),
];
const many = [
  ...few,
  trials('comparison', ['compare', 'tiny.json', '--adapters', 'none,bottleneck']),
  trials('sweep', ['sweep', 'tiny.json', '--grid', 'training.optimizer.learningRate=1e-3,3e-4']),
  run('two-tasks', withoutCache, { recipe: 'both.json' }),
  run('pretraining', withoutCache, { recipe: 'captions.json' }),
];

it(
  `gives the same bytes after ${KILLS} kills at random moments`,
  async () => {
    const kills = await killAll(cli, KILLS < 8 ? few : many, KILLS, SEED, (line) => console.log(line));
    console.log(countKills(kills).join('\n'));
    expect(kills.length).toBeGreaterThanOrEqual(KILLS);
  },
  600_000 + KILLS * 60_000,
);
