/**
 * The median of ascending values, each counted as often as `times` says: the middle one, or the mean of the two in the
 * middle. NaN of none.
 */
export function medianOfSorted(values: ArrayLike<number>, times: ArrayLike<number>): number {
  let total = 0;
  for (let at = 0; at < values.length; at++) total += times[at]!;
  let [passed, lower] = [0, Number.NaN];
  for (let at = 0; at < values.length; at++) {
    passed += times[at]!;
    if (Number.isNaN(lower) && 2 * passed >= total && passed > 0) lower = values[at]!;
    if (2 * passed > total) return (lower + values[at]!) / 2;
  }
  return Number.NaN;
}

/** The median; NaN of no values. */
export const median = (values: readonly number[]): number =>
  medianOfSorted(
    [...values].sort((a, b) => a - b),
    values.map(() => 1),
  );
