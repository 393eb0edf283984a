import { type Tensor, tf } from '../engine/index.js';
import { sameGroup } from './similarity.js';

export interface TripletOptions {
  readonly margin: number;
  /** `hardest`: of each example the worst negative alone (VSE++); `sum`: all of them. */
  readonly negatives: 'hardest' | 'sum';
  /** int32 [B]: pairs of one group (captions of one picture) are no negatives of each other; default: all differ. */
  readonly groups?: Tensor;
}

/** [margin + negative - positive]+ where `counts` is 1. */
const hinge = (similarities: Tensor, positive: Tensor, counts: Tensor, margin: number): Tensor =>
  tf.mul(tf.relu(tf.add(tf.sub(similarities, positive), margin)), counts);

/**
 * Hinge loss over the negatives of a batch, both directions, summed over the examples (Faghri et al. 2018, VSE++, arXiv
 * 1707.05612, eq. 3 and 6).
 * @param similarities [B, B], row = picture; pairs belong together on the diagonal
 * @returns scalar
 */
export function triplet(similarities: Tensor, { margin, negatives, groups }: TripletOptions): Tensor {
  const batch = similarities.shape[0] as number;
  const positive = tf.sum(tf.mul(similarities, tf.eye(batch)), 1);
  const different = tf.sub(1, sameGroup(batch, groups));
  const rows = hinge(similarities, tf.reshape(positive, [batch, 1]), different, margin);
  const columns = hinge(similarities, tf.reshape(positive, [1, batch]), different, margin);
  if (negatives === 'sum') return tf.add(tf.sum(rows), tf.sum(columns));
  return tf.add(tf.sum(tf.max(rows, 1)), tf.sum(tf.max(columns, 0)));
}

/**
 * Hinge loss with given negatives: the mean of [margin + negative - positive]+ (UNITER's fine-tuning for retrieval, Chen
 * et al. 2020).
 * @param positive scores of pairs that belong together, [B] or [B, 1]
 * @param negative scores of pairs that don't, broadcasts with `positive`: [B] or [B, K]
 * @returns scalar
 */
export const tripletMargin = (positive: Tensor, negative: Tensor, margin: number): Tensor =>
  tf.mean(tf.relu(tf.add(tf.sub(negative, positive), margin)));
