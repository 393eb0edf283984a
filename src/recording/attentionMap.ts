/** What every position of a sequence sees of every other in one layer, mean over the heads. */
export interface AttentionMap {
  /** Positions that look; those of the sequence come first. */
  readonly rows: number;
  /** Positions that are looked at: keys that adapters put before all, then the same as `rows`. */
  readonly columns: number;
  /** [rows, columns]; rows sum to 1. */
  readonly data: ArrayLike<number>;
}

/**
 * What some positions see of a sequence, their mean. Keys and positions that adapters added are left out, and the rest
 * sums to 1.
 * @param from positions that look
 * @param length own positions of the sequence
 * @returns [length], sums to 1
 */
export function lookFrom(
  { rows, columns, data }: AttentionMap,
  from: readonly number[],
  length: number,
): number[] {
  const first = columns - rows;
  const seen = Array.from({ length }, (_, at) =>
    from.reduce((sum, row) => sum + (data[row * columns + first + at] ?? 0), 0),
  );
  const total = seen.reduce((sum, value) => sum + value, 0);
  return seen.map((value) => value / total);
}
