import { type Tensor, tf } from '../engine/index.js';

/** Euclidean norm of all gradients together, a scalar. */
export const globalNorm = (gradients: readonly Tensor[]): Tensor =>
  tf.sqrt(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)))));

/** Keeps a vanishing norm from dividing by zero, the constant of PyTorch's `clip_grad_norm_`. */
const NORM_EPSILON = 1e-6;

/** The gradients scaled so that their global norm is at most `limit` (Pascanu et al. 2013, algorithm 1). */
export function clipByGlobalNorm(gradients: readonly Tensor[], norm: Tensor, limit: number): Tensor[] {
  const factor = tf.minimum(1, tf.div(limit, tf.add(norm, NORM_EPSILON)));
  return gradients.map((gradient) => tf.mul(gradient, factor));
}
