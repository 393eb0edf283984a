import { gives } from '../../../src/backbones/capabilities.js';
import { fusedOutput, fusedStream } from '../../../src/backbones/streams.js';
import { UsageError } from '../../../src/base/errors.js';
import { activation, attention, type Tensor, tf } from '../../../src/engine/index.js';
import { additiveMask, dense, type Scope } from '../../../src/nn/index.js';
import { linearParameters, normal } from '../../../src/nn/parameters.js';
import { halves, type PairHead, type PairHeadContext } from './pairHead.js';

const initializer = normal(0.02);
const attentionLayers = ['query', 'key', 'value', 'output'];
const relu = activation('relu');

/** States [B, S, h] of one picture with the text, and their mask [B, S]. */
interface Sequence {
  readonly states: Tensor;
  readonly mask: Tensor;
}

interface Context extends PairHeadContext {
  readonly heads: number;
  readonly scope: Scope;
}

const drop = (x: Tensor, { dropout, dropoutRate }: PairHeadContext): Tensor => dropout(x, dropoutRate);

/** What each position of `from` finds in `to`: [B, S, h]. */
function crossAttention(name: string, from: Sequence, to: Sequence, context: Context): Tensor {
  const { scope, heads } = context;
  const [batch, length] = to.mask.shape as [number, number];
  const mixed = attention(
    dense(scope, `${name}.query`, from.states),
    dense(scope, `${name}.key`, to.states),
    dense(scope, `${name}.value`, to.states),
    {
      heads,
      mask: additiveMask(tf.reshape(to.mask, [batch, 1, 1, length])),
      onProbabilities: (probabilities) => drop(probabilities, context),
    },
  );
  return dense(scope, `${name}.output`, mixed);
}

/** One vector for a sequence, its positions weighted by what they are: [B, h]. */
function attentionPool({ states, mask }: Sequence, context: Context): Tensor {
  const [batch, length, width] = states.shape as [number, number, number];
  const scores = tf.reshape(relu(dense(context.scope, 'pool', states)), [batch, length]);
  const weights = drop(tf.softmax(tf.add(scores, additiveMask(mask))), context);
  const mean = tf.matMul(tf.reshape(weights, [batch, 1, length]) as never, states as never) as Tensor;
  return tf.reshape(mean, [batch, width]);
}

/** A picture's sequence with what it found in the other one's, pooled. */
function pooledBeside(name: string, from: Sequence, to: Sequence, context: Context): Tensor {
  const found = crossAttention(name, from, to, context);
  const joined = relu(dense(context.scope, 'join', tf.concat([found, from.states], 2)));
  return attentionPool({ states: drop(joined, context), mask: from.mask }, context);
}

/**
 * Each picture's sequence looks into the other's: two cross-attentions -> beside the own states, Linear 2h -> h, ReLU ->
 * attention pooling -> both side by side -> Linear (UNITER's pair-biattn, Chen et al. 2020, arXiv 1909.11740, section 4.1).
 */
export const pairedAttention: PairHead = {
  name: 'paired-attention',
  pictures: 'apart',
  check(backbone) {
    if (gives(backbone, 'fused')) return;
    throw new UsageError({
      where: '/task/head',
      message: `a ${backbone.family} backbone has no sequence of text and picture that could look into another`,
      expected: '"paired"',
    });
  },
  parameters(backbone) {
    const { hiddenSize: h } = fusedStream(backbone);
    const looks = ['fromLeft', 'fromRight'].flatMap((look) =>
      attentionLayers.flatMap((layer) => linearParameters(`${look}.${layer}`, h, h, initializer)),
    );
    return [
      ...looks,
      ...linearParameters('join', 2 * h, h, initializer),
      ...linearParameters('pool', h, 1, initializer),
      ...linearParameters('output', 2 * h, 2, initializer),
    ];
  },
  logits(output, plain) {
    const { hidden, mask } = fusedOutput(output);
    const { heads } = fusedStream(plain.backbone);
    const context = { ...plain, heads, scope: { parameters: plain.parameters } };
    const [leftStates, rightStates] = halves(hidden);
    const [leftMask, rightMask] = halves(mask);
    const left = { states: leftStates, mask: leftMask };
    const right = { states: rightStates, mask: rightMask };
    const pooled = [
      pooledBeside('fromLeft', left, right, context),
      pooledBeside('fromRight', right, left, context),
    ];
    return dense(context.scope, 'output', tf.concat(pooled, 1));
  },
};
