import type { Example } from '../../tasks/example.js';
import type { CombinedMetric, Pooled, Tally } from '../../tasks/shown.js';
import type { Prediction, Task } from '../../tasks/task.js';
import type { Json } from '../base/json.js';
import { writeFileAtomically } from '../checkpoints/atomicFile.js';

/** A metric example by example: the sum of all `sums` through that of all `counts`. */
export interface MetricColumn {
  readonly sums: readonly number[];
  /** Absent where every example counts as one. */
  readonly counts?: readonly number[];
}

/** A metric of the values of all examples together. */
export interface PooledColumn {
  readonly statistic: Pooled['statistic'];
  /** Those of each example. */
  readonly values: readonly (readonly number[])[];
  /** For `rocAuc`: 1 for each value that is one of the right ones. */
  readonly right?: readonly (readonly (0 | 1)[])[];
}

/** What every example of a split adds to its metrics; intervals and comparisons are made of it. */
export interface Outcomes {
  readonly split: 'validation' | 'test';
  /** Of the weights. */
  readonly step: number;
  readonly ids: readonly string[];
  /** 1 where a prediction is right, 0 where it is wrong; absent for tasks that judge parts of it only. */
  readonly right?: readonly (0 | 1)[];
  readonly metrics: Readonly<Record<string, MetricColumn>>;
  readonly combined: Readonly<Record<string, CombinedMetric>>;
  /** Absent where there are none, and in folders of earlier versions. */
  readonly pooled?: Readonly<Record<string, PooledColumn>>;
}

type AnyTask = Task<unknown, Example, Json>;

/** The predictions of a split and what they were made from. */
export interface PredictedSplit {
  readonly split: 'validation' | 'test';
  /** Of the weights. */
  readonly step: number;
  readonly task: AnyTask;
  readonly options: unknown;
  readonly examples: readonly Example[];
  /** In the order of the examples. */
  readonly predictions: readonly Prediction[];
}

/** The tallies of a split; undefined where the task keeps none, or where labels are missing. */
export function talliesOf({ task, options, examples, predictions }: PredictedSplit): Tally[] | undefined {
  const tallies: Tally[] = [];
  for (const [at, example] of examples.entries()) {
    const tally = task.tally?.(example, predictions[at] as Prediction, options);
    if (!tally) return undefined;
    tallies.push(tally);
  }
  return tallies;
}

function columnOf(metric: string, tallies: readonly Tally[]): MetricColumn {
  const pairs = tallies.map(({ counts }) => counts[metric] ?? ([0, 0] as const));
  const sums = pairs.map(([sum]) => sum);
  return pairs.every(([, count]) => count === 1)
    ? { sums }
    : { sums, counts: pairs.map(([, count]) => count) };
}

/**
 * A share of units as a column: of the examples of a unit the one with the first id counts, for all of them; so units
 * are drawn when examples are.
 */
function columnOfUnits(
  metric: string,
  examples: readonly Example[],
  tallies: readonly Tally[],
): MetricColumn {
  const units = new Map<string, { first: number; right: number }>();
  for (const [row, { units: own }] of tallies.entries()) {
    const member = own?.[metric];
    if (!member) continue;
    const { first, right } = units.get(member.unit) ?? { first: row, right: 1 };
    const isFirst = examples[row]!.id < examples[first]!.id;
    units.set(member.unit, { first: isFirst ? row : first, right: right * member.right });
  }
  const [sums, counts] = [tallies.map(() => 0), tallies.map(() => 0)];
  for (const { first, right } of units.values()) {
    sums[first] = right;
    counts[first] = 1;
  }
  return { sums, counts };
}

function pooledColumnOf(metric: string, tallies: readonly Tally[]): PooledColumn {
  const parts = tallies.map(({ pooled }) => pooled?.[metric]);
  const statistic = parts.find((part) => part !== undefined)?.statistic as Pooled['statistic'];
  return {
    statistic,
    values: parts.map((part) => part?.values ?? []),
    ...(statistic === 'rocAuc' && {
      right: parts.map((part) => (part?.right ?? []).map((right) => (right ? 1 : 0))),
    }),
  };
}

/** The metrics that some of the examples add to. */
const namesIn = (records: readonly (object | undefined)[]): string[] => [
  ...new Set(records.flatMap((record) => Object.keys(record ?? {}))),
];

/** What the examples of a split add to its metrics. */
export function outcomesOf(predicted: PredictedSplit, tallies: readonly Tally[]): Outcomes {
  const { split, step, task, options, examples } = predicted;
  const [summed, inUnits, pooled] = [
    namesIn(tallies.map(({ counts }) => counts)),
    namesIn(tallies.map(({ units }) => units)),
    namesIn(tallies.map((tally) => tally.pooled)),
  ];
  const judged = tallies.every(({ right }) => right !== undefined);
  return {
    split,
    step,
    ids: examples.map(({ id }) => id),
    ...(judged && { right: tallies.map(({ right }) => (right ? 1 : 0)) }),
    metrics: Object.fromEntries([
      ...summed.map((name) => [name, columnOf(name, tallies)]),
      ...inUnits.map((name) => [name, columnOfUnits(name, examples, tallies)]),
    ]),
    combined: task.combined?.(examples, options) ?? {},
    ...(pooled.length > 0 && {
      pooled: Object.fromEntries(pooled.map((name) => [name, pooledColumnOf(name, tallies)])),
    }),
  };
}

/** Writes a value as JSON without blanks. */
export const writeCompactJson = (path: string, value: unknown): void =>
  writeFileAtomically(path, `${JSON.stringify(value)}\n`);
