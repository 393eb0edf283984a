import { UsageError } from '../base/errors.js';
import { largest } from '../base/lists.js';
import { type Tensor, type TensorTree, tf } from '../engine/index.js';
import type { StreamName } from '../nn/sites.js';
import type { BackboneOutput, BackboneShape, JointOutput, StreamOutput, StreamShape } from './backbone.js';

/** Whether text and picture are encoded apart. */
export const hasTowers = ({ streams }: Pick<BackboneShape, 'streams'>): boolean =>
  !streams.some(({ name }) => name === 'joint');

/** What the names of a stream's taps and values begin with. */
export const streamPrefix = (name: StreamName): string => (name === 'joint' ? '' : `${name}.`);

/** The streams that ran. */
export function streamOutputs(output: BackboneOutput): (readonly [StreamName, StreamOutput])[] {
  if (output.kind === 'joint') return [['joint', output]];
  const { text, picture } = output;
  return [...(text ? [['text', text] as const] : []), ...(picture ? [['picture', picture] as const] : [])];
}

/** Layers of the deepest stream. */
export const layerCount = ({ streams }: Pick<BackboneShape, 'streams'>): number =>
  largest(
    streams.map(({ layers }) => layers),
    0,
  );

/** The one stream that reads text and picture together; UsageError where there are two towers. */
export function jointStream({ streams, family }: BackboneShape): StreamShape {
  const joint = streams.find(({ name }) => name === 'joint');
  if (joint) return joint;
  throw new UsageError({
    where: '/backbone',
    message: `a ${family} backbone encodes text and picture apart`,
    expected: 'one that reads them in one sequence (VisualBERT, ViLT)',
  });
}

/** The output as that of one sequence; UsageError where it is that of two towers. */
export function jointOutput(output: BackboneOutput): JointOutput {
  if (output.kind === 'joint') return output;
  throw new UsageError('this needs a backbone that reads text and picture in one sequence');
}

/** A vector as long as its width's square root: what LayerNorm would give, whatever the tower's scale. */
const ofUnitVariance = (x: Tensor): Tensor => {
  const width = x.shape.at(-1) as number;
  const length = tf.sqrt(tf.add(tf.sum(tf.square(x), -1, true), 1e-12));
  return tf.mul(tf.div(x, length), Math.sqrt(width));
};

const tower = (stream: StreamOutput | undefined, name: string): Tensor => {
  if (stream) return stream.pooled;
  throw new Error(`the batch has no ${name}`);
};

/**
 * One vector for text and picture together [B, pooledWidth]: the pooled output of a joint stream; of towers t, v and
 * t * v side by side, each vector scaled to unit variance.
 */
export function pooledOutput(output: BackboneOutput): Tensor {
  if (output.kind === 'joint') return output.pooled;
  const text = ofUnitVariance(tower(output.text, 'text'));
  const picture = ofUnitVariance(tower(output.picture, 'picture'));
  return tf.concat([text, picture, tf.mul(text, picture)], 1);
}

/** Width of `pooledOutput`. */
export function pooledWidth(backbone: BackboneShape): number {
  const [first] = backbone.streams as [StreamShape];
  return hasTowers(backbone) ? 3 * first.pooledSize : first.pooledSize;
}

/** States at the first position: `summary` of streams that begin with a token for the whole. */
export const firstState = (states: Tensor): Tensor => {
  const [batch, , width] = states.shape as [number, number, number];
  return tf.reshape(tf.slice(states, [0, 0, 0], [batch, 1, width]), [batch, width]);
};

/** Texts of a batch and positions of each, from its ids or its embeddings; throws an Error where it has neither. */
export function textShape({ inputIds, inputEmbeddings }: TensorTree): readonly [number, number] {
  const text = inputEmbeddings ?? inputIds;
  if (!text) throw new Error('a batch needs inputIds or inputEmbeddings');
  return text.shape.slice(0, 2) as [number, number];
}
