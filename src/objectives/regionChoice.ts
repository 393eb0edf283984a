import { type Tensor, tf } from '../engine/index.js';

const FORBIDDEN = 1e9;

/** Scores of which those of regions that may not be chosen (mask 0, same shape or broadcast) never win. */
export const candidateScores = (scores: Tensor, mask: Tensor): Tensor =>
  tf.add(scores, tf.mul(tf.sub(mask, 1), FORBIDDEN));

/**
 * Cross entropy of the choice among the candidates of each example, mean over examples: UNITER's loss for referring
 * expressions (Chen et al. 2020, section 4).
 * @param scores [B, R]
 * @param mask [B, R], 1 = candidate
 * @param target [B, R], sums to 1 over the right ones, or 0 where none is right: such an example has no loss
 */
export const regionCrossEntropy = (scores: Tensor, mask: Tensor, target: Tensor): Tensor =>
  tf.mean(tf.neg(tf.sum(tf.mul(target, tf.mul(mask, tf.logSoftmax(candidateScores(scores, mask)))), -1)));

/**
 * Binary cross entropy of each candidate, mean over the candidates of an example and then over examples: VL-BERT's loss
 * for referring expressions (Su et al. 2020, section 4.2.3).
 * @param target [B, R], 1 where the region is right
 */
export function regionBinaryCrossEntropy(scores: Tensor, mask: Tensor, target: Tensor): Tensor {
  const losses = tf.mul(mask, tf.sub(tf.softplus(scores), tf.mul(scores, target)));
  return tf.mean(tf.div(tf.sum(losses, -1), tf.maximum(tf.sum(mask, -1), 1)));
}
