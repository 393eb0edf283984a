import { type Tensor, tf } from '../tf.js';

/**
 * Layer normalisation over the last axis (Ba et al. 2016, eq. 4), biased variance.
 * @param x [..., width]
 * @param scale [width]
 * @param shift [width]
 * @returns the shape of x
 */
export function layerNorm(x: Tensor, scale: Tensor, shift: Tensor, epsilon: number): Tensor {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
  return tf.add(tf.mul(tf.mul(centred, inverse), scale), shift);
}
