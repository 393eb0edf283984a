import type { HostBatch, HostTensor } from '../base/hostTensor.js';
import { sizeOf } from '../base/hostTensor.js';

/** Elements of one row. */
const rowSize = ({ shape }: HostTensor): number => sizeOf(shape.slice(1));

/** Whether a row holds one value alone, as padding does. */
function isPadding(tensor: HostTensor, row: number): boolean {
  const size = rowSize(tensor);
  const values = tensor.data.subarray(row * size, (row + 1) * size);
  return values.every((value) => value === values[0]);
}

/** Whether the row of a padded tensor begins, along each axis, with what `own` [1, ...] holds. */
function beginsWith(padded: HostTensor, row: number, own: HostTensor): boolean {
  const [outer, inner] = [padded.shape.slice(1), own.shape.slice(1)];
  if (outer.at(-1) === 0) return true; // values that were left out
  if (outer.length !== inner.length || inner.some((n, axis) => n > (outer[axis] as number))) return false;
  const compare = (axis: number, from: number, to: number): boolean => {
    if (axis === inner.length) return padded.data[from] === own.data[to];
    const [steps, outerSize, innerSize] = [
      inner[axis] as number,
      sizeOf(outer.slice(axis + 1)),
      sizeOf(inner.slice(axis + 1)),
    ];
    for (let at = 0; at < steps; at++) {
      if (!compare(axis + 1, from + at * outerSize, to + at * innerSize)) return false;
    }
    return true;
  };
  return compare(0, row * sizeOf(outer), 0);
}

/**
 * The name of an input that differs between a row of a padded batch and the sequence that it should be; undefined where
 * they agree.
 * @param own the batch of that sequence alone
 * @param names inputs to look at
 */
export const differentInput = (
  batch: HostBatch,
  row: number,
  own: HostBatch,
  names: readonly string[],
): string | undefined =>
  names.find((name) => {
    const [given, wanted] = [batch[name], own[name]];
    if (!given) return wanted !== undefined;
    return wanted ? !beginsWith(given, row, wanted) : !isPadding(given, row);
  });
