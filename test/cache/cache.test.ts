import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { InterruptedError } from '../../src/base/errors.js';
import { listSets, verifySets } from '../../src/frozen/store/inspect.js';
import { removeSet } from '../../src/frozen/store/setFolder.js';
import type { WrittenRecipe } from '../../src/recipe/recipe.js';
import type { RunOptions } from '../../src/run/runRecipe.js';
import { writeColourSplit, writeTinyBackbone } from '../apiData.js';
import { plan, resolveRecipe, runRecipe } from '../shipped.js';

const place = mkdtempSync(join(tmpdir(), 'vlgraft-cache-'));
let data: WrittenRecipe['data'];
let runs = 0;

beforeAll(async () => {
  writeTinyBackbone(join(place, 'backbone'));
  data = {
    train: await writeColourSplit(place, 'train', 24),
    validation: await writeColourSplit(place, 'validation', 8),
    test: await writeColourSplit(place, 'test', 8),
    regions: { kind: 'crop-pixels', size: 4, grid: 2 },
  };
});

type Cache = WrittenRecipe['cache'];
type Adapters = WrittenRecipe['adapters'];

const on = (name: string): Cache => ({ mode: 'on', folder: join(place, name) });

/** A run of three epochs, six steps each. */
async function run(cache: Cache, adapters: Adapters = [], options: RunOptions = {}, output = `run${runs++}`) {
  const lines: string[] = [];
  const summary = await runRecipe(resolveRecipe(recipeOf(cache, adapters, output)), {
    ...options,
    onLog: (line) => lines.push(line),
  });
  return { summary, lines };
}

/** The recipe of a run. */
const recipeOf = (cache: Cache, adapters: Adapters, output: string): WrittenRecipe =>
  ({
    name: 'colours',
    backbone: { from: join(place, 'backbone') },
    adapters,
    task: { kind: 'vqa' },
    data,
    training: { epochs: 3, batchSize: 4, optimizer: { kind: 'adamw', learningRate: 1e-2 } },
    cache,
    output: join(place, output),
  }) as WrittenRecipe;

const losses = ({ folder }: { readonly folder: string }): number[] =>
  readFileSync(join(folder, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ split }) => split === 'train')
    .map(({ values }) => values.loss);

const digest = ({ folder }: { readonly folder: string }): string[] =>
  ['metrics.jsonl', 'predictions_test.json', 'adapter/head.safetensors'].map((name) =>
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex'),
  );

const lastLayer = [{ kind: 'bottleneck', layers: [1], trainLayerNorm: false, dropout: 0 }] as Adapters;

describe('stored values of the frozen backbone', () => {
  it.each([
    ['the head alone', [], /pooled/],
    ['shortcut', [{ kind: 'shortcut', heads: 2, dropout: 0 }], /hidden\.0/],
    ['ladder', [{ kind: 'ladder', reductionFactor: 4, dropout: 0 }], /hidden/],
    ['bottleneck in the last layer', lastLayer, /hidden\.1/],
    [
      'lora in the last layer',
      [{ kind: 'lora', sites: ['layers.1.attention.query'], dropout: 0 }],
      /hidden\.1/,
    ],
  ] as const)('give what computing gives, with %s', async (name, adapters, stored) => {
    const computed = await run({ mode: 'off' }, adapters as Adapters);
    const read = await run(on(`values of ${name}`), adapters as Adapters);
    expect(read.lines.find((line) => line.startsWith('cache: '))).toMatch(stored);
    const [expected, found] = [losses(computed.summary), losses(read.summary)];
    expect(found).toHaveLength(18);
    for (const [step, loss] of found.entries()) expect(loss).toBeCloseTo(expected[step] as number, 4);
    expect(read.summary.metrics.test?.values).toEqual(computed.summary.metrics.test?.values);
  });

  it('give the same bytes whether they were there or not, and after an interruption', async () => {
    const cold = await run(on('warm'));
    const warm = await run(on('warm'));
    expect(digest(warm.summary)).toEqual(digest(cold.summary));
    const controller = new AbortController();
    const stop: RunOptions = {
      signal: controller.signal,
      onProgress: ({ stage, done }) => {
        if (stage === 'train' && done === 8) controller.abort();
      },
    };
    await expect(run(on('interrupted'), [], stop, 'resumed')).rejects.toThrow(InterruptedError);
    const resumed = await run(on('interrupted'), [], { resume: true }, 'resumed');
    expect(digest(resumed.summary)).toEqual(digest(cold.summary));
  });

  it('are found torn, and computed again', async () => {
    const whole = await run(on('torn'));
    const root = join(place, 'torn');
    for (const { name } of await listSets(root)) {
      for (const file of readdirSync(join(root, name)).filter((one) => one.endsWith('.values'))) {
        const bytes = readFileSync(join(root, name, file));
        bytes[5]! ^= 0xff;
        writeFileSync(join(root, name, file), bytes);
      }
    }
    const again = await run(on('torn'));
    expect(again.lines.filter((line) => line.includes('damaged'))).toHaveLength(2);
    expect(digest(again.summary)).toEqual(digest(whole.summary));
    expect((await verifySets(root)).every(({ removed, unreadable }) => removed === 0 && !unreadable)).toBe(
      true,
    );
  });

  it('are off with the reason: the recipe says so, all of it trains, only embeddings are frozen', async () => {
    const reasonOf = async (cache: Cache, adapters?: Adapters) =>
      (await run(cache, adapters)).lines.find((line) => line.startsWith('cache: '));
    expect(await reasonOf({ mode: 'off' })).toBe('cache: off: it is switched off (cache.mode)');
    expect(await reasonOf(on('full'), [{ kind: 'full' }] as Adapters)).toMatch(/^cache: off: .*full/);
    const auto = { ...on('first'), mode: 'auto' } as Cache;
    expect(await reasonOf(auto, [{ kind: 'bottleneck', layers: [0] }] as Adapters)).toMatch(
      /^cache: off: only the embeddings/,
    );
    expect((await listSets(join(place, 'full'))).filter(({ kind }) => kind === 'values')).toEqual([]);
  });

  it.skipIf(process.platform !== 'linux').each(['on', 'auto'] as const)(
    'are in memory where their folder can not be made, which is told once and gives the same bytes: %s',
    async (mode) => {
      const stored = await run(on('beside-memory'));
      const { lines, summary } = await run({ mode, folder: '/proc/vlgraft' });
      expect(lines.filter((line) => line.includes('/proc/vlgraft'))).toEqual([
        expect.stringMatching(
          /^cache: \/proc\/vlgraft: it can not be written \(.*\); values are kept in memory$/,
        ),
      ]);
      expect(digest(summary)).toEqual(digest(stored.summary));
    },
  );

  it('are removed by sets, and then computed anew', async () => {
    await run(on('cleared'));
    const root = join(place, 'cleared');
    const sets = await listSets(root);
    expect(sets.map(({ kind }) => kind).sort()).toEqual(['inputs', 'values']);
    for (const set of sets) {
      expect(set.entries).toBeGreaterThan(0);
      expect(set.inUse).toBe(false);
      removeSet(join(root, set.name));
    }
    expect(await listSets(root)).toEqual([]);
    await run(on('cleared'));
    expect(await listSets(root)).toHaveLength(sets.length);
  });
});

describe('a plan', () => {
  it('tries storing, and leaves nothing of it', async () => {
    const cache = on('planned');
    const { cache: planned, seconds, disk } = await plan(recipeOf(cache, [], 'planned-run'));
    expect(planned).toMatchObject({ used: true });
    expect(seconds.fill).toBeGreaterThan(0);
    expect(disk.cache).toBeGreaterThan(0);
    expect(readdirSync(join(place, 'planned'))).toEqual([]);
    expect(existsSync(join(place, 'planned-run'))).toBe(false);
    const { summary } = await run(cache);
    expect(summary.cache?.what).toBe(planned.what);
  });
});
