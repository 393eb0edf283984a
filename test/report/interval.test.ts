import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Outcomes } from '../../src/recording/outcomes.js';
import {
  differenceIntervals,
  intervalsOf,
  metricsOfAll,
  quantile,
  wilson,
} from '../../src/report/interval.js';

interface Reference {
  readonly sums: readonly number[];
  readonly counts: readonly number[];
  readonly low: number;
  readonly high: number;
  readonly standardError: number;
}
interface PooledReference extends Pick<Reference, 'low' | 'high' | 'standardError'> {
  readonly values: readonly (readonly number[])[];
  readonly right?: readonly (readonly (0 | 1)[])[];
  readonly value: number;
}
const fixture = JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures/intervals.json'), 'utf8')) as {
  wilson: { successes: number; examples: number; low: number; high: number }[];
  ratio: Reference;
  mean: Reference;
  difference: Reference;
  median: PooledReference;
  rocAuc: PooledReference;
};

const outcomes = (metrics: Outcomes['metrics'], combined: Outcomes['combined'] = {}): Outcomes => {
  const { length } = Object.values(metrics)[0]!.sums;
  return { split: 'test', step: 1, ids: Array.from({ length }, (_, at) => `${at}`), metrics, combined };
};

const pooledOutcomes = (statistic: 'median' | 'rocAuc'): Outcomes => {
  const { values, right } = fixture[statistic];
  const pooled = { pooled: { statistic, values, ...(right && { right }) } };
  return { ...outcomes({ one: { sums: values.map(() => 1) } }), pooled };
};

/** Both are drawn at random: ends differ by a few hundredths of a standard error's tail. */
function expectNear(
  actual: { low: number; high: number },
  expected: Omit<Reference, 'sums' | 'counts'>,
): void {
  expect(Math.abs(actual.low - expected.low)).toBeLessThan(0.25 * expected.standardError);
  expect(Math.abs(actual.high - expected.high)).toBeLessThan(0.25 * expected.standardError);
}

describe('confidence intervals', () => {
  it.each(fixture.wilson)('of $successes of $examples are those of scipy (Wilson)', (one) => {
    const { low, high } = wilson(one.successes, one.examples);
    expect(low).toBeCloseTo(one.low, 12);
    expect(high).toBeCloseTo(one.high, 12);
  });

  it('are Wilson of a share', () => {
    const sums = Array.from({ length: 1000 }, (_, at) => Number(at < 553));
    const { accuracy } = intervalsOf(outcomes({ accuracy: { sums } }));
    expect(accuracy).toEqual({ ...wilson(553, 1000), method: 'wilson', examples: 1000 });
  });

  it('are bootstrap percentiles of a mean and of a ratio, as scipy finds them', () => {
    const { mean, ratio } = fixture;
    const found = intervalsOf(outcomes({ accuracy: { sums: mean.sums } }));
    expect(found.accuracy).toMatchObject({ method: 'bootstrap', examples: 400 });
    expectNear(found.accuracy!, mean);
    const phrases = intervalsOf(outcomes({ recall: { sums: ratio.sums, counts: ratio.counts } }));
    expectNear(phrases.recall!, ratio);
  });

  it('are Wilson of units when each counts once, whichever of its examples stands for it', () => {
    const sums = [1, 0, 0, 0, 1, 0];
    const counts = [1, 0, 1, 1, 1, 0];
    const { consistency } = intervalsOf(outcomes({ consistency: { sums, counts } }));
    expect(consistency).toEqual({ ...wilson(2, 4), method: 'wilson', examples: 4 });
  });

  it.each(['median', 'rocAuc'] as const)(
    'of values that several an example has draw examples, as numpy and scipy do: %s',
    (statistic) => {
      const reference = fixture[statistic];
      const some = pooledOutcomes(statistic);
      expect(metricsOfAll(some).pooled).toBeCloseTo(reference.value, 12);
      const { pooled } = intervalsOf(some);
      expect(pooled).toMatchObject({ method: 'bootstrap', examples: reference.values.length });
      expectNear(pooled!, reference);
    },
  );

  it('of the difference of such a metric are nought where both runs are the same, in whichever order', () => {
    const some = pooledOutcomes('rocAuc');
    const { statistic, values, right = [] } = some.pooled!.pooled!;
    const reversed = { statistic, values: [...values].reverse(), right: [...right].reverse() };
    const other = { ...some, ids: [...some.ids].reverse(), pooled: { pooled: reversed } };
    const { pooled } = differenceIntervals(some, other)!;
    expect(pooled!.low).toBeCloseTo(0, 12);
    expect(pooled!.high).toBeCloseTo(0, 12);
  });

  it('leave out a metric that no draw can have', () => {
    const values = [[0.5], [0.7]];
    const some = { ...outcomes({ one: { sums: [1, 1] } }), pooled: {} };
    const pooled = { area: { statistic: 'rocAuc' as const, values, right: [[1 as const], [1 as const]] } };
    expect(Object.keys(intervalsOf({ ...some, pooled }))).toEqual(['one']);
    expect(Object.keys(metricsOfAll({ ...some, pooled }))).toEqual(['one']);
  });

  it('are the same every time', () => {
    const some = outcomes({ accuracy: { sums: fixture.mean.sums } });
    expect(intervalsOf(some)).toEqual(intervalsOf(structuredClone(some)));
  });

  it('of metrics that combine others follow them draw by draw', () => {
    const sums = fixture.mean.sums;
    const combined = { both: { of: ['a', 'twice'], factor: 0.5 }, twice: { of: ['a'], factor: 2 } };
    const some = outcomes({ a: { sums } }, combined);
    const { a, twice, both } = intervalsOf(some);
    expect(twice!.low).toBeCloseTo(2 * a!.low, 12);
    expect(both!.high).toBeCloseTo(1.5 * a!.high, 12);
    expect(metricsOfAll(some).both).toBeCloseTo(1.5 * metricsOfAll(some).a!, 12);
  });

  it('of a difference resample both runs together, as scipy does it', () => {
    const { ratio, difference } = fixture;
    const [first, second] = [ratio, difference].map(({ sums }) =>
      outcomes({ recall: { sums, counts: ratio.counts } }),
    );
    const order = [...second!.ids.keys()].reverse();
    const { sums, counts = [] } = second!.metrics.recall!;
    const reordered: Outcomes = {
      ...second!,
      ids: order.map((at) => second!.ids[at]!),
      metrics: { recall: { sums: order.map((at) => sums[at]!), counts: order.map((at) => counts[at]!) } },
    };
    expectNear(differenceIntervals(first!, reordered)!.recall!, difference);
    expect(differenceIntervals(first!, { ...second!, split: 'validation' })).toBeUndefined();
    expect(
      differenceIntervals(first!, { ...second!, ids: second!.ids.map((id) => `${id}x`) }),
    ).toBeUndefined();
  });

  it('interpolate between values', () => {
    expect(quantile([1, 2, 3, 4], 0.5)).toBe(2.5);
    expect(quantile([1, 2, 3, 4], 1)).toBe(4);
    expect(quantile([7], 0.025)).toBe(7);
  });
});
