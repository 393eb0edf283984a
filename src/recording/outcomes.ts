import type { CombinedMetric, Tally } from '../../tasks/shown.js';
import type { Example, Prediction, Task } from '../../tasks/task.js';
import { writeFileAtomically } from '../checkpoints/atomicFile.js';
import type { Json } from '../json.js';

/** A metric example by example: the sum of all `sums` through that of all `counts`. */
export interface MetricColumn {
  readonly sums: readonly number[];
  /** Absent where every example counts as one. */
  readonly counts?: readonly number[];
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

/** What the examples of a split add to its metrics. */
export function outcomesOf(predicted: PredictedSplit, tallies: readonly Tally[]): Outcomes {
  const { split, step, task, options, examples } = predicted;
  const names = [...new Set(tallies.flatMap(({ counts }) => Object.keys(counts)))];
  const judged = tallies.every(({ right }) => right !== undefined);
  return {
    split,
    step,
    ids: examples.map(({ id }) => id),
    ...(judged && { right: tallies.map(({ right }) => (right ? 1 : 0)) }),
    metrics: Object.fromEntries(names.map((name) => [name, columnOf(name, tallies)])),
    combined: task.combined?.(examples, options) ?? {},
  };
}

/** Writes a value as JSON without blanks. */
export const writeCompactJson = (path: string, value: unknown): void =>
  writeFileAtomically(path, `${JSON.stringify(value)}\n`);
