import { type Tensor, tf } from '../engine/index.js';
import { cosineSimilarities, logSumExpWhere, sameGroup } from './similarity.js';

export interface PairwiseContrastiveOptions {
  /** `exp`: exp(cosine / temperature) in place of the cosine; `literal`: the formula as printed. */
  readonly form: 'exp' | 'literal';
  /** Of the `exp` form; the `literal` form has none. */
  readonly temperature: number;
  /** int32 [B]: pairs of one group (captions of one picture) are no negatives of each other; default: all differ. */
  readonly groups?: Tensor;
}

/**
 * Pair-wise contrastive loss of CAVL (arXiv 2304.04399): B positives on the diagonal, all other pairs negatives; 0 in a
 * batch without negatives.
 *
 * The paper prints -log(sum_i s_ii / sum_{i != j} s_ij) with cosines s, which has no value when the ratio is not
 * positive. The default `exp` form puts exp(s / temperature) in the place of s, as contrastive losses do (van den Oord
 * et al. 2018, eq. 4), and is always defined; `literal` is the formula as printed, NaN where it has no value.
 *
 * Unlike InfoNCE, which has one fraction a row, it sums all positives in one numerator: at a small temperature the
 * best pair outweighs all others, which then get no gradient. 1, which leaves the cosines as the paper has them, is safe.
 * @param visual [B, D]
 * @param text [B, D]
 * @returns scalar
 */
export function pairwiseContrastive(
  visual: Tensor,
  text: Tensor,
  { form, temperature, groups }: PairwiseContrastiveOptions,
): Tensor {
  const batch = visual.shape[0] as number;
  const cosines = cosineSimilarities(visual, text);
  const positive = tf.eye(batch);
  const negative = tf.sub(1, sameGroup(batch, groups));
  const any = tf.minimum(tf.sum(negative), 1);
  if (form === 'exp') {
    const scores = tf.div(cosines, temperature);
    return tf.mul(tf.sub(logSumExpWhere(scores, negative), logSumExpWhere(scores, positive)), any);
  }
  // without negatives both sums become 1
  const sumWhere = (mask: Tensor) => tf.add(tf.mul(tf.sum(tf.mul(cosines, mask)), any), tf.sub(1, any));
  return tf.neg(tf.log(tf.div(sumWhere(positive), sumWhere(negative))));
}
