import type {
  BackboneShape,
  FusedOutput,
  HeadName,
  Weights,
  WordSource,
} from '../../src/backbones/backbone.js';
import { predictionLogits, preTrainingHeadParameters } from '../../src/backbones/visualBertHeads.js';
import { linear, type Tensor, tf } from '../../src/engine/index.js';
import { dense } from '../../src/nn/index.js';
import {
  type Initializer,
  linearParameters,
  normal,
  type ParameterLookup,
  type ParameterSpec,
  zeros,
} from '../../src/nn/parameters.js';
import { requireShape, storedName } from './publishedHead.js';

const deviation = 0.02;

const designOf = (hiddenSize: number, words?: ParameterSpec, tied?: boolean) => ({
  hiddenSize,
  vocabularySize: words?.shape[0] ?? 0,
  initializerRange: deviation,
  decoder: words && !tied ? ({ kind: 'copy', parameter: words.name } as const) : undefined,
});

const PREDICTIONS = 'cls.predictions.';

/**
 * Parameters of `languageHead`, by the names of VisualBertForPreTraining.
 * @param words the backbone's word embeddings
 * @param tied whether these are the decoder; else it has a matrix of its own, which starts as a copy of them
 */
export const languageParameters = (
  hiddenSize: number,
  words: ParameterSpec,
  tied: boolean,
): ParameterSpec[] =>
  preTrainingHeadParameters(designOf(hiddenSize, words, tied)).filter(({ name }) =>
    name.startsWith(PREDICTIONS),
  );

/** Words come first, as in published checkpoints; the sum of the gradients' squares is taken in this order. */
export const inPublishedOrder = (specs: readonly ParameterSpec[]): readonly ParameterSpec[] => {
  const isFirst = ({ name }: ParameterSpec) => name.startsWith(PREDICTIONS);
  return [...specs.filter(isFirst), ...specs.filter((spec) => !isFirst(spec))];
};

/** Parameters of `matchingHead`, by the names of VisualBertForPreTraining. */
export const matchingParameters = (hiddenSize: number): ParameterSpec[] =>
  preTrainingHeadParameters(designOf(hiddenSize)).filter(({ name }) => !name.startsWith(PREDICTIONS));

/** Parameters of `projectionHead`: `cls.projection.*`. */
export const projectionParameters = (width: number, projection: number): ParameterSpec[] =>
  ['text', 'picture'].map((name) => ({
    name: `cls.projection.${name}.weight`,
    shape: [projection, width],
    initializer: normal(deviation),
  }));

/** Parameters of `regionHead`: `cls.regions.*`. */
export const regionParameters = (hiddenSize: number, classes: number): ParameterSpec[] =>
  linearParameters('cls.regions', hiddenSize, classes, normal(deviation));

/** The one class of a published matching head as the first of two, that of belonging together; the other is 0. */
function fromOneClass(
  { name, shape }: ParameterSpec,
  yes: HeadName | undefined,
  checkpoint: Weights,
): Initializer | undefined {
  const [own, stored] = yes ?? [];
  if (own === undefined || !name.startsWith(own)) return undefined;
  const parameter = stored + name.slice(own.length);
  if (checkpoint.get(parameter)?.shape.join() !== [1, ...shape.slice(1)].join()) return undefined;
  return { kind: 'rows', parameter, rows: [0, null], otherwise: zeros };
}

/**
 * A head parameter that the checkpoint brings from pretraining starts with its values, any other as it says. Throws
 * UsageError where the checkpoint has one of this name in another shape.
 */
export function pretrained(
  spec: ParameterSpec,
  { heads: { words, matching } }: Pick<BackboneShape, 'heads'>,
  checkpoint: Weights,
): ParameterSpec {
  const names = [...(words?.names ?? []), ...(matching?.names ?? [])];
  const parameter = storedName({ names }, spec.name, checkpoint);
  if (parameter !== undefined) {
    requireShape(spec, parameter, checkpoint);
    return { ...spec, initializer: { kind: 'copy', parameter } };
  }
  const initializer = fromOneClass(spec, matching?.yes, checkpoint);
  return initializer ? { ...spec, initializer } : spec;
}

/**
 * BERT's masked language model head.
 * @param hidden [B, T, H]
 * @param words the word embeddings [vocabulary, H], which a head that is tied to them has as its decoder
 * @returns logits [B, T, vocabulary]
 */
export function languageHead(
  parameters: ParameterLookup,
  hidden: Tensor,
  words: () => Tensor,
  { activation, epsilon, tied }: WordSource,
): Tensor {
  const decoder = tied ? words() : parameters('cls.predictions.decoder.weight');
  return predictionLogits({ parameters }, hidden, decoder, { activation, epsilon });
}

/**
 * Does the text belong to the picture: class 1 = it does. In checkpoints of VisualBertForPreTraining that is class 0, so
 * the two change places here.
 * @param pooled [B, H]
 * @returns logits [B, 2]
 */
export const matchingHead = (parameters: ParameterLookup, pooled: Tensor): Tensor =>
  tf.reverse(dense({ parameters }, 'cls.seq_relationship', pooled), 1);

/** Mean of the real positions from `start` on: [B, H]; 0 where there are none. */
function meanOf({ hidden, mask }: FusedOutput, start: number, length: number): Tensor {
  const [batch, , width] = hidden.shape as [number, number, number];
  const states = tf.slice(hidden, [0, start, 0], [batch, length, width]);
  const real = tf.expandDims(tf.slice(mask, [0, start], [batch, length]), -1); // (B, length, 1)
  return tf.div(tf.sum(tf.mul(states, real), 1), tf.maximum(tf.sum(real, 1), 1));
}

/**
 * Text and picture as one vector each: mean of their states, projected.
 * @returns [B, projection] each
 */
export function projectionHead(parameters: ParameterLookup, output: FusedOutput) {
  const { textLength } = output;
  const regions = (output.hidden.shape[1] as number) - textLength;
  return {
    text: linear(meanOf(output, 0, textLength), parameters('cls.projection.text.weight')),
    picture: linear(meanOf(output, textLength, regions), parameters('cls.projection.picture.weight')),
  };
}

/** What each region shows: states [B, R, H] -> logits [B, R, classes]. */
export const regionHead = (parameters: ParameterLookup, regions: Tensor): Tensor =>
  dense({ parameters }, 'cls.regions', regions);
