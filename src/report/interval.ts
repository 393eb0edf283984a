import type { CombinedMetric } from '../../tasks/shown.js';
import { createRandom } from '../random.js';
import type { MetricColumn, Outcomes } from '../recording/outcomes.js';

/** Where a figure lies with a confidence of 95 %. */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** Wilson's score interval of a share, or percentiles over resampled examples. */
  readonly method: 'wilson' | 'bootstrap';
  /** Examples that it is taken over. */
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
  const { of, factor } = combined[name] ?? { of: [], factor: 0 };
  if (of.length === 0) return values[name];
  const parts = of.map((part) => (part === name ? undefined : combine(part, values, combined)));
  if (parts.some((part) => part === undefined)) return undefined;
  return factor * parts.reduce<number>((sum, part) => sum + (part as number), 0);
}

/** Every metric that outcomes say: the sums through the counts, and what is combined of them. */
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

/** The metrics of all examples. */
export const metricsOfAll = ({ metrics, combined, ids }: Outcomes): Record<string, number> =>
  metricsOf(
    Object.entries(metrics).map(([name, { sums, counts }]) => ({
      name,
      sum: sumOf(sums),
      count: counts ? sumOf(counts) : ids.length,
    })),
    combined,
  );

/** Outcomes whose rows are drawn, and the rows in the order of the first ones'. */
interface Sampled {
  readonly outcomes: Outcomes;
  readonly rows: readonly number[];
}

const countAt = ({ counts }: MetricColumn, row: number) => counts?.[row] ?? 1;

/** The metrics of one draw of examples. */
function metricsOfDraw({ outcomes, rows }: Sampled, draw: Uint32Array): Record<string, number> {
  const totals = Object.entries(outcomes.metrics).map(([name, column]) => {
    let [sum, count] = [0, 0];
    for (const place of draw) {
      const row = rows[place]!;
      sum += column.sums[row]!;
      count += countAt(column, row);
    }
    return { name, sum, count };
  });
  return metricsOf(totals, outcomes.combined);
}

/** Percentiles of every figure that `measure` makes of a draw; the same draws for the same number of examples. */
function bootstrap(
  examples: number,
  measure: (draw: Uint32Array) => Readonly<Record<string, number>>,
): Record<string, Interval> {
  const random = createRandom('bootstrap', examples);
  const samples = new Map<string, number[]>();
  const draw = new Uint32Array(examples);
  for (let n = 0; n < RESAMPLES; n++) {
    for (let at = 0; at < examples; at++) draw[at] = random.integer(examples);
    for (const [name, value] of Object.entries(measure(draw))) {
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

const isShare = ({ sums, counts }: MetricColumn) => !counts && sums.every((sum) => sum === 0 || sum === 1);

/**
 * 95 % intervals of the metrics of a split: Wilson's where every example is right or wrong and counts as one, else the
 * percentiles of 1000 bootstrap resamples of the examples (Efron and Tibshirani 1993, chapter 13), always the same ones.
 */
export function intervalsOf(outcomes: Outcomes): Readonly<Record<string, Interval>> {
  const { metrics, combined, ids } = outcomes;
  if (ids.length === 0) return {};
  const columns = Object.entries(metrics);
  const shares = columns.filter(([, column]) => isShare(column));
  const known = Object.fromEntries(shares.map(([name, { sums }]) => [name, wilson(sumOf(sums), ids.length)]));
  if (shares.length === columns.length && Object.keys(combined).length === 0) return known;
  const rows = [...ids.keys()];
  return { ...bootstrap(ids.length, (draw) => metricsOfDraw({ outcomes, rows }, draw)), ...known };
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
  const own = { outcomes: first, rows: [...first.ids.keys()] };
  return bootstrap(first.ids.length, (draw) => {
    const before = metricsOfDraw(own, draw);
    const after = metricsOfDraw({ outcomes: second, rows }, draw);
    return Object.fromEntries(
      Object.entries(after).flatMap(([name, value]) =>
        before[name] === undefined ? [] : [[name, value - before[name]] as const],
      ),
    );
  });
}
