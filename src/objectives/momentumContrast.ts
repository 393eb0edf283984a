import { stopGradient, type Tensor, tf } from '../engine/index.js';
import { cosineSimilarities, sameGroup } from './similarity.js';

/** Vectors of pictures and texts: [B, D] each. */
export interface VectorPairs {
  readonly picture: Tensor;
  readonly text: Tensor;
}

export interface MomentumContrastOptions {
  /** Of the same pairs, by the teacher. */
  readonly teacher: VectorPairs;
  /** Vectors of earlier pairs by the teacher, [K, D] each: more to choose from. */
  readonly queue: VectorPairs;
  /** 1 / temperature, a number or a scalar. */
  readonly scale: number | Tensor;
  /** Share of the target that the teacher gives, a number or a scalar; 0: the right ones alone. */
  readonly soft: number | Tensor;
  /** int32 [B]: pairs of one group (captions of one picture) share the target; default: all differ. */
  readonly groups?: Tensor;
}

type Side = keyof VectorPairs;

/** Cross entropy of the vectors of one side over the teacher's of the other side, mean over rows. */
function sideEntropy(
  own: VectorPairs,
  side: Side,
  { teacher, queue, scale, soft, groups }: MomentumContrastOptions,
): Tensor {
  const other = side === 'picture' ? 'text' : 'picture';
  const candidates = stopGradient(tf.concat([teacher[other], queue[other]])); // [B + K, D]
  const scores = (vectors: Tensor) => tf.mul(cosineSimilarities(vectors, candidates), scale);
  const [batch, queued] = [own[side].shape[0] as number, queue[other].shape[0] as number];
  const positive = sameGroup(batch, groups);
  const right = tf.concat([tf.div(positive, tf.sum(positive, 1, true)), tf.zeros([batch, queued])], 1);
  const told = tf.softmax(scores(teacher[side]));
  const target = stopGradient(tf.add(tf.mul(told, soft), tf.mul(right, tf.sub(1, soft))));
  return tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(scores(own[side])), target), 1)));
}

/**
 * Image-text contrast with a momentum teacher and its queue (ALBEF, Li et al. 2021, arXiv 2107.07651, eq. 1 and 2; the
 * teacher's similarities as part of the target: eq. 6). The queue is MoCo's (He et al. 2020, arXiv 1911.05722).
 * @returns scalar, mean of both directions
 */
export const momentumContrast = (own: VectorPairs, options: MomentumContrastOptions): Tensor =>
  tf.div(tf.add(sideEntropy(own, 'picture', options), sideEntropy(own, 'text', options)), 2);

/**
 * A queue after new vectors came in: the newest first, the oldest fall out.
 * @param queue [K, D]
 * @param vectors [B, D]
 */
export function enqueued(queue: Tensor, vectors: Tensor): Tensor {
  const [length, width] = queue.shape as [number, number];
  return tf.slice(tf.concat([vectors, queue]), [0, 0], [length, width]);
}
