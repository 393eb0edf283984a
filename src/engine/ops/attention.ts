import { type Tensor, tf } from '../tf.js';

export interface AttentionOptions {
  readonly heads: number;
  /** Added to the scores: 0 where allowed, a large negative number where not; broadcasts to [B, heads, S, T]. */
  readonly mask?: Tensor;
  /** Applied to the probabilities [B, heads, S, T], for example dropout. */
  readonly onProbabilities?: (probabilities: Tensor) => Tensor;
}

const split = (x: Tensor, heads: number): Tensor => {
  const [batch, length, width] = x.shape as [number, number, number];
  return tf.transpose(tf.reshape(x, [batch, length, heads, width / heads]), [0, 2, 1, 3]);
};

/**
 * Scaled dot-product attention over several heads (Vaswani et al. 2017, eq. 1).
 * @param query [B, S, width]
 * @param key [B, T, width]
 * @param value [B, T, width]
 * @returns [B, S, width]
 */
export function attention(query: Tensor, key: Tensor, value: Tensor, options: AttentionOptions): Tensor {
  const { heads, mask, onProbabilities } = options;
  const [batch, length, width] = query.shape as [number, number, number];
  const scaled = tf.mul(split(query, heads), 1 / Math.sqrt(width / heads));
  const scores = tf.matMul(scaled, split(key, heads), false, true);
  const probabilities = tf.softmax(mask ? tf.add(scores, mask) : scores);
  const mixed = tf.matMul(onProbabilities?.(probabilities) ?? probabilities, split(value, heads));
  return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, length, width]);
}
