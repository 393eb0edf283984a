import { type Tensor, tf } from '../engine/index.js';

/** Large enough that its softmax is exactly 0, small enough to stay finite in bf16 and when added to scores. */
const FORBIDDEN = 1e9;

/** Scores to add: 0 where `allowed` (float32) is 1, -1e9 where it is 0. */
export const additiveMask = (allowed: Tensor): Tensor => tf.mul(tf.sub(allowed, 1), FORBIDDEN);

/**
 * Which positions may be attended to when the two parts of a sequence keep apart.
 * @param mask float32 [B, S], 1 = real position
 * @param firstLength positions of the first part
 * @returns float32 [B, 1, S, S]
 */
export function separateParts(mask: Tensor, firstLength: number): Tensor {
  const [batch, length] = mask.shape as [number, number];
  const isSecond = tf.greaterEqual(tf.range(0, length, 1, 'int32'), tf.scalar(firstLength, 'int32'));
  const part = tf.cast(isSecond, 'int32');
  const together = tf.equal(tf.reshape(part, [length, 1]), tf.reshape(part, [1, length]));
  return tf.mul(tf.reshape(mask, [batch, 1, 1, length]), tf.cast(together, 'float32'));
}

/** Which positions each position of a text may attend to when it sees only those before it: float32 [1, 1, T, T]. */
export function causalMask(length: number): Tensor {
  const positions = tf.range(0, length, 1, 'int32');
  const earlier = tf.lessEqual(tf.reshape(positions, [1, length]), tf.reshape(positions, [length, 1]));
  return tf.reshape(tf.cast(earlier, 'float32'), [1, 1, length, length]);
}
