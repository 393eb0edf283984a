import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapters } from '../../adapters/index.js';
import type { AdapterEstimate } from '../../src/plan/planRun.js';
import { completeOptions } from '../adapters/subjects.js';
import { scratch, writeColourSplit, writeTinyBackbone } from '../apiData.js';
import { estimateAdapters, loadBackbone, resolveRecipe } from '../shipped.js';

const folder = scratch();
let estimates: readonly AdapterEstimate[];

beforeAll(async () => {
  writeTinyBackbone(join(folder, 'backbone'));
  const recipe = resolveRecipe({
    name: 'estimate',
    backbone: { from: join(folder, 'backbone') },
    adapters: [{ kind: 'bottleneck' }],
    task: { kind: 'vqa' },
    data: {
      train: await writeColourSplit(folder, 'train', 16),
      regions: { kind: 'crop-pixels', size: 4, grid: 0 },
      maxTextLength: 16,
    },
    training: { epochs: 1, batchSize: 8 },
  });
  estimates = await estimateAdapters(recipe);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the costs of adapters side by side', () => {
  it('name every kind that the backbone takes, in the order of the list', () => {
    const order = adapters.map(({ kind }) => kind);
    const kinds = estimates.map(({ kind }) => kind);
    expect(kinds).toEqual(order.filter((kind) => kinds.includes(kind)));
    expect(kinds).toEqual(expect.arrayContaining(['bottleneck', 'shortcut', 'lora', 'full']));
  });

  it("have the parameters of the adapters' own formulas", () => {
    const { shape } = loadBackbone(join(folder, 'backbone'));
    for (const { kind, parameters } of estimates) {
      const adapter = adapters.find((one) => one.kind === kind)!;
      expect(parameters, kind).toBe(adapter.parameterCount(shape, completeOptions(adapter, {})));
    }
  });

  it('have seconds', () => {
    expect(estimates.filter(({ secondsPerEpoch }) => !(secondsPerEpoch > 0))).toEqual([]);
  });
});
