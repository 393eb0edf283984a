import type { InputBatch } from '../../src/base/hostTensor.js';
import { IGNORED_LABEL } from '../../src/data/ignoredLabel.js';
import { type Tensor, tf } from '../../src/engine/index.js';

/** Labels that are not ignored. */
export const countLabels = (labels: InputBatch[string] | undefined): number =>
  Array.from(labels?.data ?? []).filter((label) => label !== IGNORED_LABEL).length;

/**
 * Of the classes with the largest score the share that is right: 1 or 0, between where several are tied.
 * @param scores [..., classes]
 * @param isRight bool of that shape
 */
export function rightShare(scores: Tensor, isRight: Tensor): Tensor {
  const isLargest = tf.equal(scores, tf.max(scores, -1, true));
  const count = (mask: Tensor) => tf.sum(tf.cast(mask, 'float32'), -1);
  return tf.div(count(tf.logicalAnd(isLargest, isRight)), count(isLargest));
}

/**
 * Right and counted labels of each example: two of [B].
 * @param logits [B, N, classes]
 * @param labels int32 [B, N]
 */
export function countRight(logits: Tensor, labels: Tensor): readonly [Tensor, Tensor] {
  const counted = tf.cast(tf.notEqual(labels, tf.scalar(IGNORED_LABEL, 'int32')), 'float32');
  const classes = tf.range(0, logits.shape.at(-1) as number, 1, 'int32');
  const right = rightShare(logits, tf.equal(tf.expandDims(labels, -1), classes));
  return [tf.sum(tf.mul(right, counted), -1), tf.sum(counted, -1)];
}
