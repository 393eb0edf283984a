import { stopGradient, type Tensor, tf } from '../engine/index.js';
import { logSumExpWhere, sameGroup } from './similarity.js';

export interface CircleOptions {
  /** Relaxation: positives should be above 1 - margin, negatives below margin. */
  readonly margin: number;
  readonly scale: number;
}

/**
 * Circle loss (Sun et al. 2020, arXiv 2002.10857, eq. 6 with 8): per row log(1 + sum_n exp(scale a_n (s_n - margin)) ·
 * sum_p exp(-scale a_p (s_p - 1 + margin))), a_n = [s_n + margin]+ and a_p = [1 + margin - s_p]+ held constant for the
 * gradient; mean over rows, 0 for a row without negatives or without positives.
 * @param similarities [A, M], each in [-1, 1]
 * @param positive [A, M], 1 = belongs to the row's example, 0 = does not
 * @returns scalar
 */
export function circle(similarities: Tensor, positive: Tensor, { margin, scale }: CircleOptions): Tensor {
  const constant = stopGradient(similarities);
  const negativeWeight = tf.relu(tf.add(constant, margin));
  const positiveWeight = tf.relu(tf.sub(1 + margin, constant));
  const negativeScores = tf.mul(tf.mul(negativeWeight, tf.sub(similarities, margin)), scale);
  const positiveScores = tf.mul(tf.mul(positiveWeight, tf.sub(similarities, 1 - margin)), -scale);
  const negatives = logSumExpWhere(negativeScores, tf.sub(1, positive), 1);
  return tf.mean(tf.softplus(tf.add(negatives, logSumExpWhere(positiveScores, positive, 1))));
}

/**
 * Circle loss of the pairs of a batch, mean of both directions.
 * @param similarities [B, B], row = picture; pairs belong together on the diagonal
 * @param groups int32 [B]: pairs of one group (captions of one picture) are positives; default: all differ
 * @returns scalar
 */
export function symmetricCircle(similarities: Tensor, options: CircleOptions, groups?: Tensor): Tensor {
  const positive = sameGroup(similarities.shape[0] as number, groups);
  const both = tf.add(
    circle(similarities, positive, options),
    circle(tf.transpose(similarities), positive, options),
  );
  return tf.div(both, 2);
}
