import { castLike } from '../precision.js';
import { type Tensor, tf } from '../tf.js';
import { type Op, runOp } from './define.js';

export interface AttentionOptions {
  readonly heads: number;
  /** Added to the scores: 0 where allowed, a large negative number where not; broadcasts to [B, heads, S, T]. */
  readonly mask?: Tensor;
  /** Applied to the probabilities [B, heads, S, T], for example dropout. */
  readonly onProbabilities?: (probabilities: Tensor) => Tensor;
}

// [B, S, width] <-> [B, heads, S, width / heads]
const split = (x: Tensor, heads: number): Tensor => {
  const [batch, length, width] = x.shape as [number, number, number];
  return tf.transpose(tf.reshape(x, [batch, length, heads, width / heads]), [0, 2, 1, 3]);
};
const merge = (x: Tensor): Tensor => {
  const [batch, heads, length, depth] = x.shape as [number, number, number, number];
  return tf.reshape(tf.transpose(x, [0, 2, 1, 3]), [batch, length, heads * depth]);
};
const scaleOf = (x: Tensor, heads: number): number => 1 / Math.sqrt((x.shape[2] as number) / heads);

function probabilitiesOf(query: Tensor, key: Tensor, mask: Tensor | undefined, heads: number): Tensor {
  const scaled = tf.mul(split(query, heads), scaleOf(query, heads));
  const scores = tf.matMul(scaled as never, split(key, heads) as never, false, true) as Tensor;
  return tf.softmax(mask ? tf.add(scores, mask) : scores);
}

/** Keeps the probabilities, in the precision of the query. */
export const attentionOp: Op = {
  name: 'VlgraftAttention',
  forward: ({ query, key, value, mask }, { heads }) => {
    const exact = probabilitiesOf(query as Tensor, key as Tensor, mask, heads as number);
    const probabilities = castLike(exact, query as Tensor);
    return [
      merge(tf.matMul(probabilities as never, split(value as Tensor, heads as number) as never)),
      probabilities,
    ];
  },
  saves: { inputs: ['query', 'key', 'value'], outputs: [false, true] },
  gradient: (dy, saved, attributes) => {
    const [query, key, value, probabilities] = saved as [Tensor, Tensor, Tensor, Tensor];
    const heads = attributes.heads as number;
    // Outside of the thunks, since query and key share it: tfjs frees what a thunk makes when the thunk is done.
    const dMixed = split(dy, heads);
    const dProbabilities = tf.matMul(dMixed as never, split(value, heads) as never, false, true);
    const along = tf.sum(tf.mul(dProbabilities, probabilities), -1, true);
    const centred = tf.mul(tf.sub(dProbabilities, along), probabilities);
    // Gradient of the scores, times their scaling.
    const dScores = castLike(tf.mul(centred, scaleOf(query, heads)), probabilities);
    return {
      query: () => merge(tf.matMul(dScores as never, split(key, heads) as never)),
      key: () => merge(tf.matMul(dScores as never, split(query, heads) as never, true)),
      value: () => merge(tf.matMul(probabilities as never, dMixed as never, true)),
    };
  },
};

/**
 * Scaled dot-product attention over several heads (Vaswani et al. 2017, eq. 1).
 * @param query [B, S, width]
 * @param key [B, T, width]
 * @param value [B, T, width]
 * @returns [B, S, width]
 */
export function attention(query: Tensor, key: Tensor, value: Tensor, options: AttentionOptions): Tensor {
  const { heads, mask, onProbabilities } = options;
  if (!onProbabilities) {
    const inputs = { query, key, value };
    return runOp(attentionOp, mask ? { ...inputs, mask } : inputs, { heads });
  }
  const probabilities = onProbabilities(probabilitiesOf(query, key, mask, heads));
  return merge(tf.matMul(probabilities as never, split(value, heads) as never));
}
