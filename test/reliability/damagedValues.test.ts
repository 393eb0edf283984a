import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRandom, type Random } from '../../src/base/random.js';
import type { WrittenRecipe } from '../../src/recipe/recipe.js';
import { writeColourSplit, writeTinyBackbone } from '../apiData.js';
import { damages } from '../damages.js';
import { resolveRecipe, runRecipe } from '../shipped.js';

/** A few in each run of the tests; `VLGRAFT_DAMAGED_RUNS` asks for more. */
const RUNS = Number(process.env.VLGRAFT_DAMAGED_RUNS ?? 6);
const SEED = process.env.VLGRAFT_DAMAGED_SEED ?? 'tests';

const place = mkdtempSync(join(tmpdir(), 'vlgraft-values-'));
const [folder, whole] = [join(place, 'values'), join(place, 'whole')];
let recipe: WrittenRecipe;
let right: readonly string[];

const RESULTS = ['metrics.jsonl', 'adapter/head.safetensors', 'adapter/adapter_model.safetensors'];

const digests = (output: string): string[] =>
  RESULTS.map((name) =>
    createHash('sha256')
      .update(readFileSync(join(output, name)))
      .digest('hex'),
  );

/** The digests of a run and what it logged. */
async function run(name: string, onProgress: (share: number) => void = () => {}) {
  const lines: string[] = [];
  const output = join(place, name);
  await runRecipe(resolveRecipe({ ...recipe, output }), {
    onLog: (line) => lines.push(line),
    onProgress: ({ stage, done }) => stage === 'train' && onProgress(done),
  });
  const found = digests(output);
  rmSync(output, { recursive: true });
  return { found, lines };
}

beforeAll(async () => {
  writeTinyBackbone(join(place, 'backbone'));
  recipe = {
    name: 'colours',
    backbone: { from: join(place, 'backbone') },
    adapters: [{ kind: 'shortcut', heads: 2, dropout: 0 }],
    task: { kind: 'vqa' },
    data: {
      train: await writeColourSplit(place, 'train', 16),
      validation: await writeColourSplit(place, 'validation', 4),
      regions: { kind: 'crop-pixels', size: 4, grid: 2 },
    },
    training: { epochs: 2, batchSize: 4, optimizer: { kind: 'adamw', learningRate: 1e-2 } },
    cache: { mode: 'on', folder },
  } as WrittenRecipe;
  right = (await run('first')).found;
  cpSync(folder, whole, { recursive: true });
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

const filesOf = (root: string): string[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(index|values|json)$/.test(name))
    .sort();

/** Damages one file of the sets, as hardware or another program might, or removes it. */
function damageOne(random: Random, turn: number): string {
  const names = filesOf(folder);
  const name = names[random.integer(names.length)] as string;
  const path = join(folder, name);
  if (turn % 10 === 9) {
    rmSync(path);
    return `${name}: removed`;
  }
  const kinds = [...damages(readFileSync(path), 5 * (1 + random.integer(40)))].slice(-5);
  const { bytes, what } = kinds[random.integer(kinds.length)] as (typeof kinds)[number];
  writeFileSync(path, bytes);
  return `${name}: ${what}`;
}

it(`gives the bytes of an undamaged run with ${RUNS} sets that are damaged before it or while it goes on`, async () => {
  const random = createRandom('damaged values', SEED);
  let told = 0;
  for (let turn = 0; turn < RUNS; turn++) {
    rmSync(folder, { recursive: true, force: true });
    cpSync(whole, folder, { recursive: true });
    const done: string[] = [];
    const count = 1 + random.integer(3);
    const at = turn % 2 === 0 ? 0 : 1 + random.integer(7);
    const damage = () => {
      for (let n = 0; n < count; n++) done.push(damageOne(random, turn));
    };
    if (at === 0) damage();
    const { found, lines } = await run(`run${turn}`, (step) => {
      if (step === at && done.length === 0) damage();
    });
    if (found.join() !== right.join())
      throw new Error(
        `turn ${turn}, at step ${at}: other results after ${done.join('; ')}\n${lines.join('\n')}`,
      );
    const telling = lines.filter((line) => /damaged/.test(line));
    if (telling.length > 0) told += 1;
    if (RUNS > 20)
      process.stderr.write(`turn ${turn}, step ${at}: ${done.join('; ')} | ${telling.join(' | ')}\n`);
  }
  console.log(`${RUNS} damaged sets, none gave other bytes; ${told} were told`);
  expect(RUNS).toBeGreaterThan(0);
}, 3_600_000);
