import { type Tensor, tf } from '../engine/index.js';

/**
 * Kullback-Leibler divergence of the softmax of the scores from the target, summed over classes and rows, mean over the
 * examples of the batch: the loss of VisualBERT's region-to-phrase alignment, PyTorch's `batchmean` (Li et al. 2019).
 * @param scores [B, ..., C]
 * @param target [B, ..., C], each row a distribution, or 0 throughout: such a row has no loss
 * @returns scalar
 */
export function klDivergence(scores: Tensor, target: Tensor): Tensor {
  // 0 log 0 = 0: the logarithm of 1 stands where the target is 0
  const absent = tf.cast(tf.equal(target, 0), 'float32');
  const difference = tf.sub(tf.log(tf.add(target, absent)), tf.logSoftmax(scores));
  return tf.div(tf.sum(tf.mul(target, difference)), scores.shape[0] as number);
}
