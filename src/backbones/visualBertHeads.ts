import { type ActivationName, activation, linear, type Tensor, tf } from '../engine/index.js';
import { dense, layerNorm, type Scope } from '../nn/index.js';
import {
  type Initializer,
  layerNormParameters,
  linearParameters,
  normal,
  type ParameterSpec,
  zeros,
} from '../nn/parameters.js';
import type { FusedOutput } from './backbone.js';

/** Width and start of the heads' parameters. */
export interface HeadShape {
  readonly hiddenSize: number;
  readonly vocabularySize: number;
  readonly initializerRange: number;
  /** Where the decoder is not the backbone's word embeddings: how its own matrix starts. */
  readonly decoder?: Initializer | undefined;
}

/** What the transform of the language-model head computes with. */
export interface TransformOptions {
  readonly activation: ActivationName;
  readonly epsilon: number;
}

export interface PreTrainingLogits {
  /** [B, S, vocabulary]. */
  readonly prediction: Tensor;
  /** [B, 2]: the sentence matches the picture, or not. */
  readonly relationship: Tensor;
}

/** Parameters of `preTrainingHead`; without `decoder` that is the backbone's word embedding. */
export const preTrainingHeadParameters = (shape: HeadShape): ParameterSpec[] => [
  ...linearParameters(
    'cls.predictions.transform.dense',
    shape.hiddenSize,
    shape.hiddenSize,
    normal(shape.initializerRange),
  ),
  ...layerNormParameters('cls.predictions.transform.LayerNorm', shape.hiddenSize),
  ...(shape.decoder
    ? [
        {
          name: 'cls.predictions.decoder.weight',
          shape: [shape.vocabularySize, shape.hiddenSize],
          initializer: shape.decoder,
        },
      ]
    : []),
  { name: 'cls.predictions.bias', shape: [shape.vocabularySize], initializer: zeros },
  ...linearParameters('cls.seq_relationship', shape.hiddenSize, 2, normal(shape.initializerRange)),
];

/**
 * Scores of the vocabulary for hidden states: dense, activation, LayerNorm, decoder.
 * @param hidden [..., H]; only the masked positions need to be given
 * @param decoder [vocabulary, H]: the backbone's word embeddings, or the head's own matrix
 * @returns [..., vocabulary]
 */
export function predictionLogits(
  scope: Scope,
  hidden: Tensor,
  decoder: Tensor,
  options: TransformOptions,
): Tensor {
  const wide = dense(scope, 'cls.predictions.transform.dense', hidden);
  const active = activation(options.activation)(wide);
  const normed = layerNorm(scope, 'cls.predictions.transform.LayerNorm', active, options.epsilon);
  return linear(normed, decoder, scope.parameters('cls.predictions.bias'));
}

/** VisualBertForPreTraining: masked language model over every position, and sentence-image matching. */
export const preTrainingHead = (
  scope: Scope,
  { hidden, pooled }: FusedOutput,
  words: Tensor,
  options: TransformOptions,
): PreTrainingLogits => ({
  prediction: predictionLogits(scope, hidden, words, options),
  relationship: dense(scope, 'cls.seq_relationship', pooled),
});

/**
 * VisualBertForQuestionAnswering: a linear layer on the token before the text's last one.
 * @param attentionMask of the text [B, T]
 * @param drop what is done to the state of that token [B, H] in training
 * @returns [B, answers]
 */
export function questionAnsweringHead(
  scope: Scope,
  { hidden }: FusedOutput,
  attentionMask: Tensor,
  drop = (state: Tensor): Tensor => state,
): Tensor {
  const last = tf.sub(tf.sum(tf.cast(attentionMask, 'int32'), 1), tf.scalar(2, 'int32')); // (B)
  return dense(scope, 'cls', drop(tf.squeeze(pick(hidden, tf.expandDims(last, 1)), [1])));
}

/** VisualBertForVisualReasoning: a linear layer on the pooled output; [B, labels]. */
export const visualReasoningHead = (scope: Scope, { pooled }: FusedOutput): Tensor =>
  dense(scope, 'cls', pooled);

/** Parameters of `regionToPhraseHead`, by the names of its checkpoints; their `value` layer has no part in the scores. */
export const regionToPhraseParameters = (hiddenSize: number, width: number): ParameterSpec[] =>
  ['query', 'key'].flatMap((layer) =>
    linearParameters(`attention.${layer}`, hiddenSize, width, normal(0.02)),
  );

/**
 * VisualBertForRegionToPhraseAlignment: one attention head from phrases to regions.
 * @param hidden [B, S, H]
 * @param regions states of the regions [B, R, H]
 * @param positions int32 [B, P], where each phrase stands; -1 = none, reads position 0
 * @returns scores [B, P, R] of all regions, padded ones too
 */
export function regionToPhraseHead(scope: Scope, hidden: Tensor, regions: Tensor, positions: Tensor): Tensor {
  const phrases = pick(hidden, tf.maximum(positions, tf.scalar(0, 'int32')));
  const query = dense(scope, 'attention.query', phrases);
  const key = dense(scope, 'attention.key', regions);
  return tf.mul(tf.matMul(query, key, false, true), 1 / Math.sqrt(key.shape[2] as number));
}

/** hidden [B, S, H], positions int32 [B, P] -> [B, P, H]; a product with one-hot rows, whose gradient is one too. */
function pick(hidden: Tensor, positions: Tensor): Tensor {
  return tf.matMul(tf.cast(tf.oneHot(positions, hidden.shape[1] as number), 'float32'), hidden);
}
