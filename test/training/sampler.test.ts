import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.js';
import {
  batchesByLength,
  type ExampleGroups,
  epochBatches,
  groupedBatches,
} from '../../src/model/sampler.js';
import { microBatches, stepsPerEpoch, totalSteps } from '../../src/training/microBatches.js';

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

describe('batches of one group each', () => {
  const options = { batchSize: 10, seed: 5, bucketByLength: true };
  const sizes = { large: 800, small: 35, single: 1 };
  const bounds: Readonly<Record<string, readonly [number, number]>> = {
    large: [0, 800],
    small: [800, 835],
    single: [835, 836],
  };
  const members = new Map(
    Object.entries(bounds).map(([name, [from, to]]) => [name, everyIndex.slice(from, to)]),
  );
  const epochs = (groups: ExampleGroups, count: number) =>
    Array.from({ length: count }, (_, epoch) => groupedBatches(lengths, groups, epoch, options));
  const count = (batches: readonly { readonly group: string }[], group: string) =>
    batches.filter((batch) => batch.group === group).length;

  it('never mix groups, and are as many as all examples make', () => {
    const shares = new Map([
      ['large', 0.2],
      ['small', 0.5],
      ['single', 0.3],
    ]);
    for (const groups of [{ members }, { members, shares }]) {
      for (const batches of epochs(groups, 3)) {
        expect(batches).toHaveLength(80 + 4 + 1);
        for (const { group, examples } of batches) {
          const [from, to] = bounds[group]!;
          expect(examples.length).toBeGreaterThan(0);
          expect(examples.every((index) => index >= from && index < to)).toBe(true);
        }
      }
    }
  });

  it('show every example once an epoch by size', () => {
    for (const batches of epochs({ members }, 2)) {
      expect(sorted(batches.flatMap(({ examples }) => [...examples]))).toEqual(everyIndex.slice(0, 836));
    }
  });

  it('come as often as the shares say, in the long run exactly, a rare group too', () => {
    const shares = new Map([
      ['large', 0.6],
      ['small', 0.399],
      ['single', 0.001],
    ]);
    const all = epochs({ members, shares }, 40).flat();
    expect(all).toHaveLength(40 * 85);
    expect(count(all, 'large')).toBeCloseTo(0.6 * 40 * 85, -1);
    expect(count(all, 'single')).toBeGreaterThanOrEqual(3);
    expect(count(all, 'single')).toBeLessThanOrEqual(4);
  });

  it('go on in a large group where the last epoch stopped, and shuffle a small one anew', () => {
    const shares = new Map([
      ['large', 0.4],
      ['small', 0.6],
    ]);
    const two = new Map([...members].filter(([name]) => name !== 'single'));
    const batches = epochs({ members: two, shares }, 5).flat();
    const shown = (group: string) =>
      batches.filter((batch) => batch.group === group).flatMap(({ examples }) => [...examples]);
    // 5 epochs of 84 batches: 168 of the large group, which has 80, so two whole passes and a bit.
    const large = shown('large');
    expect(sorted(large.slice(0, 800))).toEqual(everyIndex.slice(0, 800));
    expect(sorted(large.slice(800, 1600))).toEqual(everyIndex.slice(0, 800));
    const small = shown('small');
    const passes = [small.slice(0, 35), small.slice(35, 70)];
    for (const pass of passes) expect(sorted(pass)).toEqual(everyIndex.slice(800, 835));
    expect(passes[0]).not.toEqual(passes[1]);
  });

  it('take turns at random, by seed and epoch alone', () => {
    const [first] = epochs({ members }, 1);
    expect(groupedBatches(lengths, { members }, 0, options)).toEqual(first);
    expect(groupedBatches(lengths, { members }, 0, { ...options, seed: 6 })).not.toEqual(first);
    const places = first!.flatMap(({ group }, place) => (group === 'small' ? [place] : []));
    expect(Math.max(...places) - Math.min(...places)).toBeGreaterThan(sizes.small / 10);
  });

  it('make the plan of an epoch, whose steps count every group', () => {
    const plan = { ...options, accumulate: 2, epochs: 1 };
    const population = { lengths, groups: { members } };
    expect(stepsPerEpoch(population, plan)).toBe(43);
    const micros = microBatches(population, plan, { epoch: 0, stepInEpoch: 0 });
    expect(new Set(micros.map(({ group }) => group))).toEqual(new Set(members.keys()));
    const rest = microBatches(population, plan, { epoch: 0, stepInEpoch: 40 });
    expect(rest).toEqual(micros.slice(80));
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
