import { AttributeType } from '../attributes.js';
import { DataType } from '../dtypes.js';
import { recordingWith } from '../nativeBackend.js';
import { castLike, isBf16, narrowSum, widened } from '../precision.js';
import { type Tensor, tf } from '../tf.js';
import { clustered } from './clustered.js';
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

/**
 * Softmax of bf16 scores and what is added to them, without becoming f32 in between, where this TensorFlow has one that
 * adds up in f32: only compiled functions are sure to run it.
 */
function narrowSoftmax(scores: Tensor, mask: Tensor | undefined): Tensor | undefined {
  const native = isBf16(scores) ? recordingWith('_MklSoftmax') : undefined;
  if (!native) return undefined;
  const type = [{ name: 'T', type: AttributeType.TF_ATTR_TYPE, value: DataType.FLOAT }];
  const masked = mask ? narrowSum(scores, castLike(mask, scores)) : scores;
  return native.executeSingleOutput('Softmax', type, [masked as Tensor]);
}

const softmaxOf = (scores: Tensor, mask: Tensor | undefined): Tensor =>
  tf.softmax(widened(mask ? tf.add(scores, mask) : scores));

function scoresOf(query: Tensor, key: Tensor, heads: number): Tensor {
  const scaled = tf.mul(split(query, heads), scaleOf(query, heads));
  return tf.matMul(scaled as never, split(key, heads) as never, false, true);
}

/** Keeps the probabilities, in the precision of the query. */
export const attentionOp: Op = {
  name: 'VlgraftAttention',
  forward: ({ query, key, value, mask }, { heads }) => {
    const scores = scoresOf(query as Tensor, key as Tensor, heads as number);
    const probabilities = castLike(narrowSoftmax(scores, mask) ?? softmaxOf(scores, mask), query as Tensor);
    return [
      merge(tf.matMul(probabilities as never, split(value as Tensor, heads as number) as never)),
      probabilities,
    ];
  },
  saves: { inputs: ['query', 'key', 'value'], outputs: [false, true] },
  gradient: (d, saved, attributes) => {
    const [query, key, value, probabilities] = saved as [Tensor, Tensor, Tensor, Tensor];
    const heads = attributes.heads as number;
    // Outside of the thunks, since query and key share it: tfjs frees what a thunk makes when the thunk is done.
    const dMixed = split(d, heads);
    const dProbabilities = tf.matMul(dMixed as never, split(value, heads) as never, false, true);
    const scale = scaleOf(query, heads);
    const [dScores] = clustered(
      `softmax gradient ${scale}`,
      [dProbabilities as Tensor, probabilities],
      ([dy, y]) => {
        const wide = widened(dy);
        const along = tf.sum(tf.mul(wide, y), -1, true);
        // Gradient of the scores, times their scaling.
        return [castLike(tf.mul(tf.mul(tf.sub(wide, along), y), scale), y)];
      },
    );
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
  const probabilities = onProbabilities(softmaxOf(scoresOf(query, key, heads), mask));
  return merge(tf.matMul(probabilities as never, split(value, heads) as never));
}
