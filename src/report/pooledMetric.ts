import { medianOfSorted } from '../../tasks/metrics/median.js';
import { rocAucOfSorted } from '../../tasks/metrics/rocAuc.js';
import type { PooledColumn } from '../recording/outcomes.js';

/**
 * A metric of the values of all examples: the function takes how often each example counts, and sorts nothing any more.
 * It gives NaN where the metric says nothing, as an area without a right value.
 */
export function pooledMetric({ statistic, values, right }: PooledColumn): (times: Uint32Array) => number {
  const all = values.flatMap((own, row) =>
    own.map((value, at) => ({ value, row, isRight: right?.[row]?.[at] ?? 0 })),
  );
  all.sort((a, b) => a.value - b.value);
  const sorted = Float64Array.from(all, ({ value }) => value);
  const labels = Uint8Array.from(all, ({ isRight }) => isRight);
  const rows = Uint32Array.from(all, ({ row }) => row);
  const weights = new Uint32Array(rows.length);
  return (times) => {
    for (const [at, row] of rows.entries()) weights[at] = times[row]!;
    return statistic === 'median' ? medianOfSorted(sorted, weights) : rocAucOfSorted(sorted, labels, weights);
  };
}
