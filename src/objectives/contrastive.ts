import { stopGradient, type Tensor, tf } from '../engine/index.js';
import { sameGroup } from './similarity.js';

export interface ContrastiveOptions {
  /** The similarities are multiplied by it: 1 / temperature, a number or a scalar. */
  readonly scale: number | Tensor;
  /** int32 [B]: all pairs of one group (captions of one picture) are positives and share the target; default: all differ. */
  readonly groups?: Tensor;
  /** Similarities of texts with pictures, row = text, where they differ from the transposed ones. */
  readonly textToPicture?: Tensor;
}

/** Largest scale of CLIP (section 2.5). */
const MAXIMUM_SCALE = 100;

/** exp(logitScale), at most 100; the gradient goes on beyond, so that the parameter can come back. */
export function learnedScale(logitScale: Tensor): Tensor {
  const excess = tf.relu(tf.sub(logitScale, Math.log(MAXIMUM_SCALE)));
  return tf.exp(tf.sub(logitScale, stopGradient(excess)));
}

/** Cross entropy of each row with the target spread evenly over its positives, mean over rows. */
function rowEntropy(similarities: Tensor, positive: Tensor, scale: number | Tensor): Tensor {
  const target = tf.div(positive, tf.sum(positive, 1, true));
  return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(tf.mul(similarities, scale)), target), 1)));
}

/**
 * Symmetric InfoNCE, the contrastive loss of CLIP (Radford et al. 2021, figure 3): cross entropy of each picture over
 * the texts and of each text over the pictures, half each.
 * @param similarities [B, B], row = picture; pairs belong together on the diagonal
 * @returns scalar
 */
export function contrastive(
  similarities: Tensor,
  { scale, groups, textToPicture = tf.transpose(similarities) }: ContrastiveOptions,
): Tensor {
  const positive = sameGroup(similarities.shape[0] as number, groups);
  const both = tf.add(rowEntropy(similarities, positive, scale), rowEntropy(textToPicture, positive, scale));
  return tf.div(both, 2);
}
