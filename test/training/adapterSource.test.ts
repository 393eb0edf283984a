import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readSafetensors } from '../../src/checkpoints/safetensors.js';
import type { WrittenRecipe } from '../../src/index.js';
import { writeColourSplit, writeTinyBackbone } from '../apiData.js';
import { fineTune, resolveRecipe } from '../shipped.js';

const folder = mkdtempSync(join(tmpdir(), 'vlgraft-source-'));
afterAll(() => rmSync(folder, { recursive: true }));

let data: WrittenRecipe['data'];
const recipe = (name: string, adapters: WrittenRecipe['adapters'], epochs = 1): WrittenRecipe => ({
  name,
  backbone: { from: join(folder, 'backbone') },
  adapters: adapters ?? [],
  task: { kind: 'vqa' },
  data,
  training: { epochs, batchSize: 12, optimizer: { kind: 'adamw', learningRate: 0.02 } },
  output: join(folder, name),
});
const tensorsOf = (run: string) => readSafetensors(join(folder, run, 'adapter', 'adapter_model.safetensors'));

beforeAll(async () => {
  writeTinyBackbone(join(folder, 'backbone'));
  data = {
    train: await writeColourSplit(folder, 'train', 24),
    regions: { kind: 'crop-pixels', size: 4, grid: 0 },
    maxTextLength: 16,
  };
  const trained = [
    { kind: 'bottleneck', reductionFactor: 4, trainLayerNorm: true },
    { kind: 'shortcut', depth: 1 },
  ];
  await fineTune(recipe('first', trained));
});

describe('an adapter that starts from a run', () => {
  it('takes its options and values, the LayerNorms that it trained too', async () => {
    const from = join(folder, 'first');
    await fineTune(recipe('second', [{ kind: 'bottleneck', from, name: 'mine' }], 0));
    const [before, after] = [tensorsOf('first'), tensorsOf('second')];
    expect([...after.keys()].some((name) => name.startsWith('backbone.'))).toBe(true);
    for (const [name, tensor] of after) {
      expect(tensor).toEqual(before.get(name.replace('adapters.mine.', 'adapters.bottleneck.')));
    }
  });

  it('may say the same again, and is told what differs', () => {
    const from = join(folder, 'first');
    const same = resolveRecipe(recipe('third', [{ kind: 'bottleneck', from, reductionFactor: 4 }]));
    expect(same.adapters[0]).toMatchObject({ reductionFactor: 4, trainLayerNorm: true, from });
    expect(resolveRecipe(same)).toEqual(same);
    expect(() => resolveRecipe(recipe('third', [{ kind: 'bottleneck', from, reductionFactor: 8 }]))).toThrow(
      /adapters\[0\]\.reductionFactor: the adapter in "from" has 4; leave it out/,
    );
  });

  it('is told what the folder holds where that is something else', () => {
    const from = join(folder, 'first');
    expect(() => resolveRecipe(recipe('third', [{ kind: 'full', from }]))).toThrow(
      /holds no full adapter; one of those it holds: 'bottleneck' \(bottleneck\), 'shortcut' \(shortcut\)/,
    );
    expect(() => resolveRecipe(recipe('third', [{ kind: 'full', from: join(folder, 'backbone') }]))).toThrow(
      /adapters\[0\]\.from/,
    );
    expect(() => resolveRecipe(recipe('third', [{ kind: 'full', from: 'nowhere' }]))).toThrow(
      /adapters\[0\]\.from/,
    );
  });

  it('is refused on another backbone, with both hashes', async () => {
    writeTinyBackbone(join(folder, 'other'), 2);
    const other = recipe('fourth', [{ kind: 'bottleneck', from: join(folder, 'first') }]);
    await expect(fineTune({ ...other, backbone: { from: join(folder, 'other') } })).rejects.toThrow(
      /trained on another backbone than .* is now; the one with hash [0-9a-f]{12}, not [0-9a-f]{12}/,
    );
  });
});
