import type { CombinedMetric } from '../../tasks/shown.js';
import { memberOf } from '../base/json.js';
import { createRandom } from '../base/random.js';
import type { MetricColumn, Outcomes } from '../recording/outcomes.js';
import { pooledMetric } from './pooledMetric.js';

/** Where a figure lies with a confidence of 95 %. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** Wilson's score interval of a share, or percentiles over resampled examples. */
  readonly method: 'wilson' | 'bootstrap';
  /** Examples that it is taken over; for a share of units of several, those. */
  readonly examples: number;
}

/** Quantile of the normal distribution at 0.975. */
const Z = 1.959963984540054;

/** Wilson's score interval with 95 % confidence (Wilson 1927; Brown, Cai and DasGupta 2001, section 3.1.1). */
export function wilson(successes: number, examples: number): Interval {
  const share = successes / examples;
  const scale = 1 + Z ** 2 / examples;
  const middle = (share + Z ** 2 / (2 * examples)) / scale;
  const half = (Z / scale) * Math.sqrt((share * (1 - share)) / examples + Z ** 2 / (4 * examples ** 2));
  const [low, high] = [Math.max(0, middle - half), Math.min(1, middle + half)];
  return { low, high, method: 'wilson', examples };
}

/** Resamples of a bootstrap. */
const RESAMPLES = 1000;

/** Quantile of sorted values, between two of them by interpolation. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}

type Combined = Readonly<Record<string, CombinedMetric>>;

/** A metric from the ones that it combines; undefined where one of them is not there. */
function combine(
  name: string,
  values: Readonly<Record<string, number>>,
  combined: Combined,
): number | undefined {
  const { of, factor } = memberOf(combined, name) ?? { of: [], factor: 0 };
  if (of.length === 0) return memberOf(values, name);
  const parts = of.map((part) => (part === name ? undefined : combine(part, values, combined)));
  if (parts.some((part) => part === undefined)) return undefined;
  return factor * parts.reduce<number>((sum, part) => sum + (part as number), 0);
}

/** Every metric that sums and counts say, and what is combined of them. */
function metricsOf(
  totals: readonly { readonly name: string; readonly sum: number; readonly count: number }[],
  combined: Combined,
): Record<string, number> {
  const values = Object.fromEntries(totals.map(({ name, sum, count }) => [name, sum / Math.max(1, count)]));
  const more = Object.keys(combined).flatMap((name) => {
    const value = combine(name, values, combined);
    return value === undefined ? [] : [[name, value] as const];
  });
  return { ...values, ...Object.fromEntries(more) };
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);

/** Outcomes from which the metrics of any draw of examples follow. */
interface Sampled {
  readonly outcomes: Outcomes;
  readonly pooled: readonly (readonly [name: string, metric: (times: Uint32Array) => number])[];
}

const sampled = (outcomes: Outcomes): Sampled => ({
  outcomes,
  pooled: Object.entries(outcomes.pooled ?? {}).map(([name, column]) => [name, pooledMetric(column)]),
});

const countAt = ({ counts }: MetricColumn, row: number) => counts?.[row] ?? 1;

/** The metrics when each example counts as often as `times` says; those that say nothing are left out. */
function metricsOfDraw({ outcomes, pooled }: Sampled, times: Uint32Array): Record<string, number> {
  const totals = Object.entries(outcomes.metrics).map(([name, column]) => {
    let [sum, count] = [0, 0];
    for (let row = 0; row < times.length; row++) {
      sum += times[row]! * column.sums[row]!;
      count += times[row]! * countAt(column, row);
    }
    return { name, sum, count };
  });
  const others = pooled
    .map(([name, metric]) => [name, metric(times)] as const)
    .filter(([, value]) => Number.isFinite(value));
  return { ...metricsOf(totals, outcomes.combined), ...Object.fromEntries(others) };
}

/** The metrics of all examples. */
export const metricsOfAll = (outcomes: Outcomes): Record<string, number> =>
  metricsOfDraw(sampled(outcomes), new Uint32Array(outcomes.ids.length).fill(1));

/**
 * Percentiles of every figure that `measure` makes of a draw, of which it is told how often each example was drawn; the
 * same draws for the same number of examples.
 */
function bootstrap(
  examples: number,
  measure: (times: Uint32Array) => Readonly<Record<string, number>>,
): Record<string, Interval> {
  const random = createRandom('bootstrap', examples);
  const samples = new Map<string, number[]>();
  const times = new Uint32Array(examples);
  for (let n = 0; n < RESAMPLES; n++) {
    times.fill(0);
    for (let at = 0; at < examples; at++) times[random.integer(examples)]!++;
    for (const [name, value] of Object.entries(measure(times))) {
      const list = samples.get(name) ?? [];
      list.push(value);
      samples.set(name, list);
    }
  }
  const intervals = [...samples].map(([name, values]): [string, Interval] => {
    const sorted = values.sort((a, b) => a - b);
    const [low, high] = [quantile(sorted, 0.025), quantile(sorted, 0.975)];
    return [name, { low, high, method: 'bootstrap', examples }];
  });
  return Object.fromEntries(intervals);
}

/** How many things a metric goes over. */
const things = ({ sums, counts }: MetricColumn) => (counts ? sumOf(counts) : sums.length);

/** Whether a metric is a share of things that are right or wrong: each example is one, or stands for one, or for none. */
function isShare(column: MetricColumn): boolean {
  const isOne = (sum: number, row: number) => countAt(column, row) === 1 && (sum === 0 || sum === 1);
  const isNone = (sum: number, row: number) => countAt(column, row) === 0 && sum === 0;
  return things(column) > 0 && column.sums.every((sum, row) => isOne(sum, row) || isNone(sum, row));
}

const shareInterval = (column: MetricColumn): Interval => wilson(sumOf(column.sums), things(column));

/**
 * 95 % intervals of the metrics of a split: Wilson's for shares of examples, or of units of them, that are right or
 * wrong; else the percentiles of 1000 bootstrap resamples of the examples (Efron and Tibshirani 1993, chapter 13), always
 * the same ones.
 */
export function intervalsOf(outcomes: Outcomes): Readonly<Record<string, Interval>> {
  const { metrics, combined, pooled, ids } = outcomes;
  if (ids.length === 0) return {};
  const columns = Object.entries(metrics);
  const shares = columns.filter(([, column]) => isShare(column));
  const known = Object.fromEntries(shares.map(([name, column]) => [name, shareInterval(column)]));
  if (shares.length === columns.length && Object.keys({ ...combined, ...pooled }).length === 0) return known;
  const own = sampled(outcomes);
  return { ...bootstrap(ids.length, (times) => metricsOfDraw(own, times)), ...known };
}

/**
 * 95 % intervals of how much better the second run is on the same examples: bootstrap, both runs resampled together.
 * Undefined where the runs were not measured on the same examples.
 */
export function differenceIntervals(
  first: Outcomes,
  second: Outcomes,
): Readonly<Record<string, Interval>> | undefined {
  if (first.split !== second.split || first.ids.length === 0) return undefined;
  const places = new Map(second.ids.map((id, row) => [id, row]));
  const rows = first.ids.flatMap((id) => places.get(id) ?? []);
  if (rows.length !== first.ids.length || first.ids.length !== second.ids.length) return undefined;
  const [before, after] = [sampled(first), sampled(second)];
  const timesOfSecond = new Uint32Array(rows.length);
  return bootstrap(rows.length, (times) => {
    for (const [at, row] of rows.entries()) timesOfSecond[row] = times[at]!;
    const earlier = metricsOfDraw(before, times);
    return Object.fromEntries(
      Object.entries(metricsOfDraw(after, timesOfSecond)).flatMap(([name, value]) =>
        earlier[name] === undefined ? [] : [[name, value - earlier[name]] as const],
      ),
    );
  });
}
