import type { BackboneOutput } from '../../src/backbones/backbone.js';
import { activation, layerNorm, linear, type Tensor, tf } from '../../src/engine/index.js';
import {
  layerNormParameters,
  linearParameters,
  normal,
  type ParameterLookup,
  type ParameterSpec,
  zeros,
} from '../../src/nn/parameters.js';

const weight = normal(0.02);
const transform = 'cls.predictions.transform';

/** Parameters of `languageHead`, named as in VisualBertForPreTraining; the decoder's weight is the word embeddings. */
export const languageHeadParameters = (width: number, vocabulary: number): ParameterSpec[] => [
  ...linearParameters(`${transform}.dense`, width, width, weight),
  ...layerNormParameters(`${transform}.LayerNorm`, width),
  { name: 'cls.predictions.bias', shape: [vocabulary], initializer: zeros },
];

/**
 * BERT's masked language model head: dense, GELU, LayerNorm, tied decoder.
 * @param hidden [B, T, H]
 * @param words the word embeddings [vocabulary, H]
 * @returns logits [B, T, vocabulary]
 */
export function languageHead(parameters: ParameterLookup, hidden: Tensor, words: Tensor): Tensor {
  const own = (name: string) => parameters(`${transform}.${name}`);
  const dense = linear(hidden, own('dense.weight'), own('dense.bias'));
  const normed = layerNorm(activation('gelu')(dense), own('LayerNorm.weight'), own('LayerNorm.bias'), 1e-12);
  return linear(normed, words, parameters('cls.predictions.bias'));
}

/** Parameters of `matchingHead`, named as in VisualBertForPreTraining. */
export const matchingHeadParameters = (width: number): ParameterSpec[] =>
  linearParameters('cls.seq_relationship', width, 2, weight);

/**
 * Does the text belong to the picture: class 1 = it does.
 * @param pooled [B, H]
 * @returns logits [B, 2]
 */
export const matchingHead = (parameters: ParameterLookup, pooled: Tensor): Tensor =>
  linear(pooled, parameters('cls.seq_relationship.weight'), parameters('cls.seq_relationship.bias'));

/** Parameters of `projectionHead`. */
export const projectionHeadParameters = (width: number, projection: number): ParameterSpec[] =>
  ['text', 'picture'].map((name) => ({
    name: `cls.projection.${name}.weight`,
    shape: [projection, width],
    initializer: weight,
  }));

/** Mean of the real positions from `start` on: [B, H]; 0 where there are none. */
function meanOf({ hidden, mask }: BackboneOutput, start: number, length: number): Tensor {
  const [batch, , width] = hidden.shape as [number, number, number];
  const states = tf.slice(hidden, [0, start, 0], [batch, length, width]);
  const real = tf.expandDims(tf.slice(mask, [0, start], [batch, length]), -1); // (B, length, 1)
  return tf.div(tf.sum(tf.mul(states, real), 1), tf.maximum(tf.sum(real, 1), 1));
}

/**
 * Text and picture as one vector each: mean of their states, projected.
 * @returns [B, projection] each
 */
export function projectionHead(parameters: ParameterLookup, output: BackboneOutput) {
  const { textLength } = output;
  const regions = (output.hidden.shape[1] as number) - textLength;
  return {
    text: linear(meanOf(output, 0, textLength), parameters('cls.projection.text.weight')),
    picture: linear(meanOf(output, textLength, regions), parameters('cls.projection.picture.weight')),
  };
}
