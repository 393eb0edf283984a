import { largest } from '../base/lists.js';
import { type Tensor, tf } from '../engine/index.js';
import type { StreamName } from '../nn/sites.js';
import type { BackboneOutput, BackboneShape, FusedOutput, StreamOutput, StreamShape } from './backbone.js';
import { lacking } from './capabilities.js';

/** What the names of a stream's taps, sites and values begin with. */
export const streamPrefix = (name: StreamName): string => (name === 'fused' ? '' : `${name}.`);

/** The stream that a tap, site or value of this name is of. */
export const streamOf = (name: string): StreamName =>
  (/^(text|picture)\./.exec(name)?.[1] as StreamName | undefined) ?? 'fused';

const STREAMS: readonly StreamName[] = ['text', 'picture', 'fused'];

/** The streams that ran. */
export const streamOutputs = (output: BackboneOutput): (readonly [StreamName, StreamOutput])[] =>
  STREAMS.flatMap((name) => {
    const stream = output[name];
    return stream ? [[name, stream] as const] : [];
  });

/** The output with each of its streams changed. */
export function changeStreams(
  output: BackboneOutput,
  change: <Output extends StreamOutput>(stream: Output, name: StreamName) => Output,
): BackboneOutput {
  const { text, picture, fused } = output;
  return {
    ...output,
    ...(text && { text: change(text, 'text') }),
    ...(picture && { picture: change(picture, 'picture') }),
    ...(fused && { fused: change(fused, 'fused') }),
  };
}

/** Layers of the deepest stream. */
export const layerCount = ({ streams }: Pick<BackboneShape, 'streams'>): number =>
  largest(
    streams.map(({ layers }) => layers),
    0,
  );

/** The stream of text and picture that have seen each other; UsageError where there is none. */
export function fusedStream(backbone: BackboneShape): StreamShape {
  const fused = backbone.streams.find(({ name }) => name === 'fused');
  if (fused) return fused;
  throw lacking(backbone, 'fused');
}

/** What that stream gives. */
export function fusedOutput({ fused }: BackboneOutput): FusedOutput {
  if (fused) return fused;
  throw new Error('the backbone gave no states of text and picture together');
}

/** A vector as long as its width's square root: what LayerNorm would give, whatever its scale. */
const ofUnitVariance = (x: Tensor): Tensor => {
  const width = x.shape.at(-1) as number;
  const length = tf.sqrt(tf.add(tf.sum(tf.square(x), -1, true), 1e-12));
  return tf.mul(tf.div(x, length), Math.sqrt(width));
};

const vectorOf = (stream: StreamOutput | undefined, name: string): Tensor => {
  if (stream) return stream.pooled;
  throw new Error(`the batch has no ${name}`);
};

/**
 * One vector for text and picture together [B, pooledWidth]: the pooled output of those that have seen each other, else
 * t, v and t * v side by side, each vector scaled to unit variance.
 */
export function pooledOutput({ fused, text, picture }: BackboneOutput): Tensor {
  if (fused) return fused.pooled;
  const [t, v] = [ofUnitVariance(vectorOf(text, 'text')), ofUnitVariance(vectorOf(picture, 'picture'))];
  return tf.concat([t, v, tf.mul(t, v)], 1);
}

/** Width of `pooledOutput`. */
export function pooledWidth({ streams }: BackboneShape): number {
  const fused = streams.find(({ name }) => name === 'fused');
  return fused ? fused.pooledSize : 3 * (streams[0]?.pooledSize ?? 0);
}
