import { type Tensor, tf } from '../engine/index.js';

/** Vectors of length 1 along the last axis; of 0 where they are 0. */
export const normalised = (x: Tensor): Tensor =>
  tf.mul(x, tf.rsqrt(tf.maximum(tf.sum(tf.square(x), -1, true), 1e-24)));

/** Cosines of every picture with every text: [B, C], row = picture. */
export const cosineSimilarities = (visual: Tensor, text: Tensor): Tensor =>
  tf.matMul(normalised(visual), normalised(text), false, true);

/** 1 where row and column are of one group: [B, B]; without groups, int32 [B], only the diagonal. */
export const sameGroup = (batch: number, groups?: Tensor): Tensor => {
  const ids = groups ?? tf.range(0, batch, 1, 'int32');
  return tf.cast(tf.equal(tf.reshape(ids, [batch, 1]), tf.reshape(ids, [1, batch])), 'float32');
};

/** log of the sum of exp(scores) over `axis`, or over all, counting where the mask is 1; -1e9 or less where none counts. */
export const logSumExpWhere = (scores: Tensor, mask: Tensor, axis?: number): Tensor =>
  tf.logSumExp(tf.add(scores, tf.mul(tf.sub(mask, 1), 1e9)), axis);

/**
 * Token-wise similarity (Yao et al. 2021, FILIP, arXiv 2111.07783, eq. 4 and 5): for each token of an example of one
 * side its largest cosine with a token of an example of the other side, averaged over the real tokens of the first.
 * It is not symmetric: texts with pictures and pictures with texts are two numbers.
 * @param states [B, S, D]
 * @param mask [B, S], 1 = real token
 * @param others [C, T, D]
 * @param otherMask [C, T]
 * @returns [B, C]
 */
export function tokenwiseSimilarity(states: Tensor, mask: Tensor, others: Tensor, otherMask: Tensor): Tensor {
  const [batch, length, width] = states.shape as [number, number, number];
  const [otherBatch, otherLength] = others.shape as [number, number, number];
  const cosines = cosineSimilarities(
    tf.reshape(states, [batch * length, width]),
    tf.reshape(others, [otherBatch * otherLength, width]),
  );
  const pairs = tf.reshape(cosines, [batch * length, otherBatch, otherLength]);
  const absent = tf.mul(tf.sub(tf.cast(otherMask, 'float32'), 1), 1e9);
  const best = tf.reshape(tf.max(tf.add(pairs, absent), -1), [batch, length, otherBatch]);
  const weights = tf.reshape(tf.cast(mask, 'float32'), [batch, length, 1]);
  return tf.div(tf.sum(tf.mul(best, weights), 1), tf.maximum(tf.sum(weights, 1), 1));
}
