import type { StreamShape } from '../backbones/backbone.js';
import type { HostBatch } from '../base/hostTensor.js';

/** Where the real positions of a stream's sequences are in a padded batch. */
export interface Layout {
  /** Positions of a row, padding counted. */
  readonly positions: number;
  /** For each row the runs of its real positions, in order: the first one, and how many. */
  readonly runs: readonly (readonly (readonly [start: number, count: number])[])[];
}

/** 1s before the first 0. */
function realCount(mask: ArrayLike<number>, start: number, length: number): number {
  let count = 0;
  while (count < length && mask[start + count] === 1) count++;
  return count;
}

/**
 * The layout of a stream in a batch.
 * @param rows sequences of the batch
 * @param fixed positions of a stream without masks
 */
export function layoutOf(
  { masks }: Pick<StreamShape, 'masks'>,
  batch: HostBatch,
  rows: number,
  fixed: number,
): Layout {
  const parts = masks.flatMap((name) => batch[name] ?? []);
  if (parts.length === 0) {
    const all = [[0, fixed] as const];
    return { positions: fixed, runs: Array.from({ length: rows }, () => all) };
  }
  const lengths = parts.map(({ shape }) => shape[1] as number);
  const starts = lengths.map((_, at) => lengths.slice(0, at).reduce((sum, n) => sum + n, 0));
  const runsOf = (row: number) =>
    parts.map(({ data }, at) => {
      const length = lengths[at] as number;
      return [starts[at] as number, realCount(data, row * length, length)] as const;
    });
  return {
    positions: lengths.reduce((sum, n) => sum + n, 0),
    runs: Array.from({ length: rows }, (_, row) => runsOf(row)),
  };
}

/** Real positions of a row. */
export const realPositions = ({ runs }: Layout, row: number): number =>
  (runs[row] ?? []).reduce((sum, [, count]) => sum + count, 0);
