import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/random.js';
import { microBatches, stepsPerEpoch, totalSteps } from '../../src/training/plan.js';
import { batchesByLength, epochBatches } from '../../src/training/sampler.js';

const random = createRandom('lengths');
const lengths = Array.from({ length: 1003 }, () => 3 + random.integer(60));
const everyIndex = lengths.map((_, index) => index);
const sorted = (indices: number[]) => [...indices].sort((a, b) => a - b);

const padding = (batches: number[][]) =>
  batches
    .map((batch) => batch.map((index) => lengths[index]!))
    .reduce((sum, batch) => sum + batch.reduce((lost, n) => lost + Math.max(...batch) - n, 0), 0);

describe('the sampler', () => {
  it.each([true, false])('shows every example exactly once an epoch (by length: %s)', (bucketByLength) => {
    const batches = epochBatches(lengths, 2, { batchSize: 16, seed: 5, bucketByLength });
    expect(sorted(batches.flat())).toEqual(everyIndex);
    expect(batches.length).toBe(63);
    expect(batches.filter(({ length }) => length !== 16).map(({ length }) => length)).toEqual([11]);
  });

  it('pads little when batches are made by length', () => {
    const options = { batchSize: 16, seed: 5 };
    const bucketed = padding(epochBatches(lengths, 0, { ...options, bucketByLength: true }));
    const mixed = padding(epochBatches(lengths, 0, { ...options, bucketByLength: false }));
    expect(bucketed).toBeLessThan(0.1 * mixed);
  });

  it('orders by seed and epoch alone', () => {
    const options = { batchSize: 16, seed: 5, bucketByLength: true };
    expect(epochBatches(lengths, 1, options)).toEqual(epochBatches(lengths, 1, options));
    expect(epochBatches(lengths, 1, options)).not.toEqual(epochBatches(lengths, 2, options));
    expect(epochBatches(lengths, 1, options)).not.toEqual(epochBatches(lengths, 1, { ...options, seed: 6 }));
  });

  it('evaluates every example once, shortest first', () => {
    const order = batchesByLength(lengths, 16).flat();
    expect(sorted(order)).toEqual(everyIndex);
    expect(order.map((index) => lengths[index])).toEqual(sorted(lengths));
  });
});

describe('the plan of an epoch', () => {
  const options = { batchSize: 16, accumulate: 4, bucketByLength: true, epochs: 3, seed: 1 };

  it('counts updates, with a smaller last one', () => {
    expect(stepsPerEpoch({ lengths }, options)).toBe(16);
    expect(totalSteps({ lengths }, options)).toBe(48);
    expect(totalSteps({ lengths }, { ...options, epochs: 0.5 })).toBe(8);
    expect(totalSteps({ lengths }, { ...options, maxSteps: 5 })).toBe(5);
  });

  it('weighs batches by their share of the update', () => {
    const micros = microBatches({ lengths }, options, { epoch: 0, stepInEpoch: 0 });
    const sums = new Map<number, number>();
    for (const { stepInEpoch, weight } of micros)
      sums.set(stepInEpoch, (sums.get(stepInEpoch) ?? 0) + weight);
    expect(sums.size).toBe(16);
    for (const sum of sums.values()) expect(sum).toBeCloseTo(1, 12);
    expect(micros.filter(({ last }) => last)).toHaveLength(16);
  });

  it('goes on where it was left', () => {
    const whole = microBatches({ lengths }, options, { epoch: 1, stepInEpoch: 0 });
    const rest = microBatches({ lengths }, options, { epoch: 1, stepInEpoch: 7 });
    expect(rest).toEqual(whole.slice(28));
  });
});
