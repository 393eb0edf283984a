import type { BackboneOutput, StreamOutput } from '../backbones/backbone.js';
import { streamOutputs } from '../backbones/streams.js';
import { createRandom } from '../base/random.js';
import { type Tensor, tf } from '../engine/index.js';

const streamsOf = (output: BackboneOutput): StreamOutput[] =>
  streamOutputs(output).map(([, stream]) => stream);

/** Hidden and pooled states, padding as 0. */
export const maskedOf = (output: BackboneOutput): Tensor[] =>
  streamsOf(output).flatMap(({ hidden, pooled, mask }) => [tf.mul(hidden, tf.expandDims(mask, -1)), pooled]);

/** Values of an output, real positions only: padding means nothing. */
export const valuesOf = (output: BackboneOutput): Float32Array[] =>
  maskedOf(output).map((tensor) => tensor.dataSync() as Float32Array);

export const tensorsOf = (output: BackboneOutput): Tensor[] =>
  streamsOf(output).flatMap(({ hidden, pooled }) => [hidden, pooled]);

/** Fixed random weights that make one number of an output. */
export function objectiveWeights(output: BackboneOutput): Tensor[] {
  const random = createRandom('objective');
  const like = ({ shape }: Tensor) =>
    tf.tensor(Float32Array.from({ length: tf.util.sizeFromShape(shape) }, random.normal), shape);
  return streamsOf(output).flatMap(({ hidden, pooled, mask }) => [
    tf.mul(like(hidden), tf.expandDims(mask, -1)),
    like(pooled),
  ]);
}

export const weigh = (tensors: readonly Tensor[], weights: readonly Tensor[]): Tensor =>
  tensors.map((tensor, i) => tf.sum(tf.mul(tensor, weights[i]!))).reduce((sum, part) => tf.add(sum, part));

export const objective = (output: BackboneOutput, weights: readonly Tensor[]): Tensor =>
  weigh(tensorsOf(output), weights);

/** Largest difference of the values of two outputs; NaN where a value is. */
export const distance = (left: readonly Float32Array[], right: readonly Float32Array[]): number =>
  Math.max(...left.flatMap((x, part) => Array.from(x, (value, i) => Math.abs(value - right[part]![i]!))));
