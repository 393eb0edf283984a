import type { HostTensor } from '../../src/base/hostTensor.js';
import type { CaptionExample } from '../examples.js';
import type { MetricReport, Prediction } from '../task.js';
import { inPassOrder, type Member } from './members.js';

const measuresOf = (members: readonly Member[]) =>
  inPassOrder(members).map(({ objective }) => objective.measure);

/** Names of the metrics. */
export const measuredNames = (members: readonly Member[]): string[] =>
  measuresOf(members).map(({ name }) => name);

/** The columns of the scores [B, columns] of each example. */
export function predictionsOf(
  members: readonly Member[],
  scores: HostTensor,
  examples: readonly CaptionExample[],
): Prediction[] {
  const columns = measuresOf(members).flatMap((measure) => measure.columns);
  return examples.map(({ id }, row) => ({
    id,
    ...Object.fromEntries(columns.map((name, at) => [name, scores.data[row * columns.length + at]!])),
  }));
}

/** What a prediction adds to each metric. */
export const countsOf = (
  members: readonly Member[],
  prediction: Prediction,
): Readonly<Record<string, readonly [number, number]>> =>
  Object.fromEntries(measuresOf(members).map(({ name, count }) => [name, count(prediction)]));

/** The metric of each objective, and their mean. */
export function reportOf(members: readonly Member[], predictions: readonly Prediction[]): MetricReport {
  const values = measuresOf(members).map(({ name, count }) => {
    const counts = predictions.map(count);
    const total = (at: 0 | 1) => counts.reduce((sum, one) => sum + one[at], 0);
    return [name, total(0) / Math.max(1, total(1))] as const;
  });
  const mean = values.reduce((total, [, value]) => total + value, 0) / values.length;
  return { values: { mean, ...Object.fromEntries(values) } };
}
