import type { Optimizer } from '../training/optimizers/optimizer.js';

const FLOAT = 4;
/** The last two, and the best one where it is neither. */
const KEPT = 3;

/**
 * Bytes on disk of the checkpoints that are kept at a time, and of the adapter folder.
 * @param kept numbers that training keeps besides: buffers, averages of what trains
 */
export function plannedDisk(
  trainable: number,
  {
    optimizer,
    checkpoints,
    kept: values = 0,
  }: { readonly optimizer: Optimizer; readonly checkpoints: number; readonly kept?: number },
): { readonly checkpoints: number; readonly adapter: number } {
  const copies = 1 + optimizer.slots.length;
  // While one is written, all that are kept are still there.
  const kept = checkpoints === 0 ? 0 : Math.min(checkpoints, KEPT + 1);
  return { checkpoints: (trainable * copies + values) * FLOAT * kept, adapter: trainable * FLOAT };
}
