import type { PixelBox } from '../../src/data/boxes.js';
import { float32, type HostBatch, type HostTensor } from '../../src/data/hostTensor.js';
import { type Problem, UsageError } from '../../src/errors.js';
import type { Example } from '../task.js';

/** float32 [B, R]: 1 for regions that are boxes, 0 for whole pictures, cells of a grid and padding. */
export function candidateMask({ regionMask, regionIndex }: HostBatch): HostTensor {
  const mask = float32(regionMask!.shape);
  for (let i = 0; i < mask.data.length; i++)
    mask.data[i] = regionMask!.data[i] === 1 && regionIndex!.data[i]! >= 0 ? 1 : 0;
  return mask;
}

/** Boxes of one row's regions, x1, y1, x2, y2 relative to the picture. */
export function relativeBoxes({ regionBoxes }: HostBatch, row: number): PixelBox[] {
  const [, regions, width] = regionBoxes!.shape as [number, number, number];
  return Array.from({ length: regions }, (_, region) => {
    const at = (row * regions + region) * width;
    return [...regionBoxes!.data.subarray(at, at + 4)] as unknown as PixelBox;
  });
}

/** Throws UsageError that names every example whose picture has no box to choose from. */
export function requireRegions(batch: HostBatch, examples: readonly Example[]): void {
  const mask = batch.regionIndex && candidateMask(batch);
  const regions = mask?.shape[1] ?? 0;
  const problems = examples.flatMap(({ id }, row): Problem[] =>
    mask?.data.subarray(row * regions, (row + 1) * regions).includes(1)
      ? []
      : [{ where: `example ${id}`, message: 'its picture has no boxes to choose from' }],
  );
  if (problems.length > 0) throw new UsageError(problems);
}
