import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { float32 } from '../../src/base/hostTensor.js';
import type { AdapterContents } from '../../src/checkpoints/adapterFolder.js';
import { readModelFolder } from '../../src/checkpoints/huggingFaceFolder.js';
import { tf } from '../../src/engine/index.js';
import { loadRun, mergeRun, type WrittenRecipe } from '../../src/index.js';
import { averageRuns } from '../../src/trained/averageWeights.js';
import { writeColourSplit, writeTinyBackbone } from '../apiData.js';
import { fineTune } from '../shipped.js';

const folder = mkdtempSync(join(tmpdir(), 'vlgraft-loaded-'));
afterAll(() => rmSync(folder, { recursive: true }));

let data: WrittenRecipe['data'];
const inputs = ['1', '2', '3'].map((name) => ({
  text: 'What colour is the picture?',
  picture: join(folder, 'test', `${name}.png`),
}));

const recipe = (name: string, changes: Partial<WrittenRecipe> = {}): WrittenRecipe => ({
  name,
  backbone: { from: join(folder, 'backbone') },
  adapters: [
    { kind: 'bottleneck', reductionFactor: 4 },
    { kind: 'shortcut', depth: 1 },
  ],
  task: { kind: 'vqa' },
  data,
  training: { maxSteps: 6, batchSize: 12, optimizer: { kind: 'adamw', learningRate: 0.02 } },
  output: join(folder, name),
  ...changes,
});
const train = async (name: string, changes?: Partial<WrittenRecipe>): Promise<string> =>
  (await fineTune(recipe(name, changes))).folder;

beforeAll(async () => {
  writeTinyBackbone(join(folder, 'backbone'));
  data = {
    train: await writeColourSplit(folder, 'train', 48),
    test: await writeColourSplit(folder, 'test', 12),
    regions: { kind: 'crop-pixels', size: 4, grid: 0 },
    maxTextLength: 16,
  };
});

describe('the adapters of a loaded run', () => {
  let both: string;
  beforeAll(async () => {
    both = await train('both');
  });

  it('are switched and scaled without loading anything again', async () => {
    const run = await loadRun(both);
    expect(run.adapters).toEqual([
      { name: 'bottleneck', kind: 'bottleneck', scale: 1 },
      { name: 'shortcut', kind: 'shortcut', scale: 1 },
    ]);
    const whole = await run.predict(inputs);
    run.useAdapters({ bottleneck: 1, shortcut: 1 });
    expect(await run.predict(inputs)).toEqual(whole);
    const score = async (scales: Record<string, number>) => {
      run.useAdapters(scales);
      return (await run.predict(inputs))[0]?.score as number;
    };
    const [off, half, alone] = [
      await score({}),
      await score({ bottleneck: 0.5 }),
      await score({ bottleneck: 1 }),
    ];
    expect(new Set([off, half, alone, whole[0]?.score]).size).toBe(4);
    expect(run.adapters.map(({ scale }) => scale)).toEqual([1, 0]);
    await run.dispose();

    const chosen = await loadRun(both, { adapters: { bottleneck: 0.5 } });
    expect((await chosen.predict(inputs))[0]?.score).toBe(half);
    await chosen.dispose();
  });

  it('are told by name where one is wrong', async () => {
    const run = await loadRun(both);
    expect(() => run.useAdapters({ botleneck: 1, shortcut: Number.NaN })).toThrow(
      /no adapter 'botleneck'.*did you mean "bottleneck".*factor of 'shortcut' is NaN/s,
    );
    await run.dispose();
  });

  it('share the backbone with those of another run, and free everything', async () => {
    const other = await train('other', { adapters: [{ kind: 'bottleneck' }], seed: 2 });
    const before = tf.memory();
    const first = await loadRun(both);
    const alone = tf.memory().numBytes - before.numBytes;
    const second = await first.beside(other);
    expect(tf.memory().numBytes - before.numBytes).toBeLessThan(1.7 * alone);
    const apart = await loadRun(other);
    await first.dispose();
    expect(await second.predict(inputs)).toEqual(await apart.predict(inputs));
    await second.dispose();
    await apart.dispose();
    expect(tf.memory().numTensors).toBe(before.numTensors);
  });

  it('are averaged over runs that differ in seed alone', async () => {
    const again = await train('again', { seed: 2 });
    const run = await loadRun(both, { average: [again] });
    expect(await run.predict(inputs)).toHaveLength(3);
    await run.dispose();
    const itself = await loadRun(both, { average: [both] });
    const plain = await loadRun(both);
    expect(await itself.predict(inputs)).toEqual(await plain.predict(inputs));
    await itself.dispose();
    await plain.dispose();
    const different = await train('different', { adapters: [{ kind: 'bottleneck' }] });
    await expect(loadRun(both, { average: [different] })).rejects.toThrow(
      /adapters.*differs from that of the first/s,
    );
  });

  it('meet in parallel where the recipe says so', async () => {
    const summary = await fineTune(recipe('parallel', { composition: 'parallel' }));
    const run = await loadRun(summary.folder);
    expect((await run.evaluate()).report.values).toEqual(summary.metrics.test?.values);
    await run.dispose();
  });
});

test('the mean of runs is that of every tensor, and runs that differ in more than values have none', () => {
  const contents = (values: number[], adapters: AdapterContents['config']['adapters'] = []) => ({
    folder: `run ${values}`,
    config: { adapters, task: { kind: 'vqa' }, taskState: null } as unknown as AdapterContents['config'],
    tensors: new Map([['backbone.a', float32([2], Float32Array.from(values))]]),
    headTensors: new Map([
      [
        'bias',
        float32(
          [2],
          Float32Array.from(values, (value) => -value),
        ),
      ],
    ]),
  });
  const { tensors, headTensors } = averageRuns([contents([1, 2]), contents([2, 4]), contents([6, 0])]);
  expect(tensors.get('backbone.a')?.data).toEqual(Float32Array.of(3, 2));
  expect(headTensors.get('bias')?.data).toEqual(Float32Array.of(-3, -2));
  const other = contents([1, 2], [{ kind: 'lora' }]);
  expect(() => averageRuns([contents([1, 2]), other])).toThrow(
    /run 1,2 \/adapters: differs from that of the first/,
  );
});

describe('merging', () => {
  it('writes a run with the head alone, whose backbone gives the same', async () => {
    const path = await train('full', { adapters: [{ kind: 'full' }] });
    const output = join(folder, 'merged');
    const report = await mergeRun(path, output);
    expect(report.largestDifference).toBeLessThan(1e-5);
    const [merged, before] = [await loadRun(output), await loadRun(path)];
    expect(await merged.predict(inputs)).toEqual(await before.predict(inputs));
    expect(merged.adapters).toEqual([]);
    await merged.dispose();
    await before.dispose();
    const names = (place: string) => [...readModelFolder(place).tensors.keys()].sort();
    expect(names(join(output, 'backbone'))).toEqual(names(join(folder, 'backbone')));
    await expect(mergeRun(path, output)).rejects.toThrow(/holds a merged run; overwrite it/);
  });

  it('refuses what no weights can hold, and writes nothing', async () => {
    const path = await train('inline', {
      adapters: [{ kind: 'bottleneck' }, { kind: 'shortcut', depth: 1 }],
    });
    await expect(mergeRun(path, join(folder, 'none'))).rejects.toThrow(/bottleneck.*shortcut/s);
  });
});
