import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BuiltCli } from '../cli/builtCli.js';
import { buildTinyCli } from '../cli/tinyRecipe.js';
import { countKills, killAll, type Subject } from './kills.js';

/** A few in each run of the tests; `npm run test:kills` asks for more. */
const KILLS = Number(process.env.VLGRAFT_KILLS ?? 4);
const SEED = process.env.VLGRAFT_KILLS_SEED ?? 'tests';

let cli: BuiltCli;
beforeAll(async () => {
  cli = await buildTinyCli();
});
afterAll(() => cli.remove());

const set = (values: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(values).flatMap(([key, value]) => ['--set', `${key}=${JSON.stringify(value)}`]);

const training = { 'training.maxSteps': 12, 'training.evaluateEvery': 4, 'training.checkpointEvery': 2 };

function run(name: string, values: Readonly<Record<string, unknown>>, cache?: string): Subject {
  const output = `runs/${name}`;
  const words = ['run', 'tiny.json', '--output', output, ...set({ ...training, ...values })];
  return { name, words, again: [...words, '--resume'], output, ...(cache && { cache }) };
}

const compare: Subject = {
  name: 'comparison',
  words: ['compare', 'tiny.json', '--adapters', 'none,bottleneck', '--output', 'runs/comparison'],
  again: ['compare', 'tiny.json', '--adapters', 'none,bottleneck', '--output', 'runs/comparison'],
  output: 'runs/comparison',
};

const subjects = [
  run('plain', { 'cache.mode': 'off' }),
  run('stored', { adapters: [{ kind: 'shortcut' }], 'cache.mode': 'on', 'cache.folder': 'stored' }, 'stored'),
  run('accumulating', { 'cache.mode': 'off', 'training.accumulate': 2 }),
];

it(
  `gives the same bytes after ${KILLS} kills at random moments`,
  async () => {
    const kills = await killAll(cli, KILLS < 8 ? subjects : [...subjects, compare], KILLS, SEED, (line) =>
      console.log(line),
    );
    console.log(countKills(kills).join('\n'));
    expect(kills.length).toBeGreaterThanOrEqual(KILLS);
  },
  600_000 + KILLS * 60_000,
);
