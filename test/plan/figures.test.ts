import { describe, expect, it } from 'vitest';
import { shippedModules } from '../../src/modules/shippedModules.js';
import { plannedDisk } from '../../src/plan/disk.js';
import { estimateStep } from '../../src/plan/estimateAdapters.js';
import { estimateDistinct } from '../../src/plan/estimateDistinct.js';
import { runLength } from '../../src/plan/milestones.js';
import { frozenLayers, plannedCache } from '../../src/plan/plannedCache.js';
import { optimizerOf } from '../../src/prepare/modules.js';
import { createBackbone, planAdapters } from '../shipped.js';
import { bottleneckChoice, toyConfig, toyTraining } from '../training/toy.js';

const { shape } = createBackbone(toyConfig, 1);
const inLayer = (layer: number) => ({ ...bottleneckChoice, layers: [layer], trainLayerNorm: false });
const shortcut = {
  kind: 'shortcut',
  depth: 1,
  reductionFactor: 2,
  heads: 2,
  reads: ['hidden.0'],
  fusion: 'add',
  dropout: 0,
};
const full = { kind: 'full', dropout: 0 };
const OFF = { used: false, what: '', reason: 'not worth it' };

describe('layers that stay the same', () => {
  it('are those before the first one that an adapter changes', () => {
    expect(frozenLayers(shape, planAdapters(shape, [inLayer(0)]))).toBe(0);
    expect(frozenLayers(shape, planAdapters(shape, [inLayer(1)]))).toBe(1);
    expect(frozenLayers(shape, planAdapters(shape, [shortcut]))).toBe(2);
    expect(frozenLayers(shape, planAdapters(shape, [shortcut, inLayer(1)]))).toBe(1);
    expect(frozenLayers(shape, planAdapters(shape, [full]))).toBe(0);
    expect(frozenLayers(shape, [])).toBe(2);
  });

  it('are named', () => {
    expect(plannedCache(shape, planAdapters(shape, [inLayer(1)]), OFF).what).toBe('the first 1 of 2 layers');
    expect(plannedCache(shape, [], OFF).what).toBe('all layers of the backbone');
  });
});

describe('the estimate of a step', () => {
  const ends = { head: 1, full: 3, positions: 10 };
  const estimate = (choice: typeof shortcut | ReturnType<typeof inLayer> | typeof full) =>
    estimateStep(shape, planAdapters(shape, [choice])[0]!, ends);

  it('is what was measured where the whole backbone trains', () => {
    expect(estimate(full)).toBeCloseTo(3, 10);
  });

  it('grows with the layers whose backward pass is needed', () => {
    expect(estimate(inLayer(1))).toBeGreaterThan(ends.head);
    expect(estimate(inLayer(0)) - estimate(inLayer(1))).toBeCloseTo(0.4, 10); // 0.4 x (3 - 1) x half of the layers
  });
});

describe('counts of a run', () => {
  const population = { lengths: new Array<number>(44).fill(5) }; // 6 batches of 8

  it('are those of the trainer: an evaluation an epoch and one at the end', () => {
    expect(runLength(population, { ...toyTraining, epochs: 2 }, 6)).toEqual({
      stepsPerEpoch: 6,
      steps: 12,
      batches: 12,
      evaluations: 2,
      checkpoints: 2,
    });
    const { epochs: _epochs, ...rest } = toyTraining;
    const options = { ...rest, maxSteps: 7, evaluateEvery: 3, checkpointEvery: 2, accumulate: 2 };
    // 3 updates an epoch; evaluated after 3, 6, 7; checkpoints after 2, 4, 6 and with the evaluations
    expect(runLength(population, options, 6)).toEqual({
      stepsPerEpoch: 3,
      steps: 7,
      batches: 14,
      evaluations: 3,
      checkpoints: 5,
    });
  });

  it('of a run that trains nothing are zero', () => {
    expect(runLength(population, { ...toyTraining, epochs: 0 }, 6)).toMatchObject({
      steps: 0,
      evaluations: 0,
    });
  });
});

describe('room on disk', () => {
  const optimizer = optimizerOf(toyTraining.optimizer, shippedModules);
  it('is parameters and two moments of AdamW in f32, in each checkpoint that is there', () => {
    expect(plannedDisk(1000, { optimizer, checkpoints: 10 })).toEqual({ checkpoints: 48_000, adapter: 4000 });
    expect(plannedDisk(1000, { optimizer, checkpoints: 1 }).checkpoints).toBe(12_000);
    expect(plannedDisk(1000, { optimizer, checkpoints: 1, kept: 500 }).checkpoints).toBe(14_000);
  });

  it('is parameters alone with SGD without momentum', () => {
    const sgd = optimizerOf({ kind: 'sgd', learningRate: 1, momentum: 0, weightDecay: 0 }, shippedModules);
    expect(plannedDisk(1000, { optimizer: sgd, checkpoints: 1 }).checkpoints).toBe(4000);
  });
});

describe('the number of different things', () => {
  it('is what was met where all was looked at', () => {
    expect(estimateDistinct([1, 1, 1], 3)).toBe(3);
  });

  it("follows Chao's formula: met + f1 (f1 - 1) / 2 (f2 + 1)", () => {
    expect(estimateDistinct([5, 2, 1, 1, 1], 1000)).toBe(5 + 1.5 + 0.5);
    expect(estimateDistinct([4, 4], 1000)).toBe(2);
  });

  it('is never more than there is', () => {
    expect(estimateDistinct(new Array<number>(10).fill(1), 12)).toBe(12);
  });
});
