import { type Tensor, tf } from '../engine/index.js';

/**
 * The same values for each of a batch.
 * @param x [...], float32
 * @returns [B, ...]
 */
export const forBatch = (x: Tensor, batch: number): Tensor =>
  // Not tile: its gradient takes a slice and a sum for each of the batch, this one's is a single sum.
  tf.add(tf.expandDims(x, 0), tf.zeros([batch, ...x.shape.map(() => 1)]));
