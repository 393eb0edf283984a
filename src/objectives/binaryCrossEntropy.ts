import { type Tensor, tf } from '../engine/index.js';

/**
 * Binary cross entropy of each answer on soft targets, summed over the answers, mean over the batch: the loss of VQA
 * (Anderson et al. 2018, arXiv 1707.07998). softplus(x) - x·t keeps large logits finite and the gradient exact at 0.
 * @param logits [B, answers]
 * @param targets [B, answers] in [0, 1]
 * @returns scalar
 */
export const binaryCrossEntropy = (logits: Tensor, targets: Tensor): Tensor =>
  tf.mean(tf.sum(tf.sub(tf.softplus(logits), tf.mul(logits, targets)), -1));
