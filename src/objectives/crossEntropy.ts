import { IGNORED_LABEL } from '../data/ignoredLabel.js';
import { type Tensor, tf } from '../engine/index.js';

/**
 * Cross entropy with the softmax of the logits, mean over the positions whose label is not IGNORED_LABEL; 0 where none
 * counts. The maximum is taken off before the exponential.
 * @param logits [..., classes]
 * @param labels int32 [...], 0..classes-1 or IGNORED_LABEL
 * @returns scalar
 */
export function crossEntropy(logits: Tensor, labels: Tensor): Tensor {
  const classes = logits.shape.at(-1) as number;
  const flat = tf.reshape(labels, [-1]);
  // [N, classes]; the row of an ignored label is all zeros. tf.oneHot would give wrong floats on wasm.
  const columns = tf.reshape(tf.range(0, classes, 1, 'int32'), [1, classes]);
  const chosen = tf.cast(tf.equal(tf.reshape(flat, [-1, 1]), columns), 'float32');
  const logProbabilities = tf.logSoftmax(tf.reshape(logits, [-1, classes]));
  const counted = tf.sum(tf.cast(tf.notEqual(flat, tf.scalar(IGNORED_LABEL, 'int32')), 'float32'));
  return tf.neg(tf.div(tf.sum(tf.mul(logProbabilities, chosen)), tf.maximum(counted, 1)));
}
