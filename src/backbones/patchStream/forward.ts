import { type Tensor, type TensorTree, tf } from '../../engine/index.js';
import {
  additiveMask,
  layerNorm,
  linear,
  preNormBlock,
  runLayers,
  type Scope,
  separateParts,
} from '../../nn/index.js';
import type { ParameterLookup } from '../../nn/parameters.js';
import type { ForwardOptions, JointOutput } from '../backbone.js';
import { firstState } from '../streams.js';
import type { PatchStreamConfig } from './config.js';
import { sequenceEmbeddings } from './embeddings.js';
import { blocksOf, poolerSite, tapsOf } from './shape.js';

const asMask = (mask: Tensor | undefined, batch: number, length: number): Tensor =>
  mask ? tf.cast(mask, 'float32') : tf.ones([batch, length]);

/** What is added to the scores of every layer. */
function scoreMask(mask: Tensor, textLength: number, attention: ForwardOptions['attention']): Tensor {
  const [size, length] = mask.shape as [number, number];
  const isSeparate = attention === 'separate' && length > textLength;
  return additiveMask(isSeparate ? separateParts(mask, textLength) : tf.reshape(mask, [size, 1, 1, length]));
}

/**
 * One pass: embeddings, layers, LayerNorm, pooler. Reads from the batch inputIds int32 [B, T] or inputEmbeddings
 * [B, T, H], and optionally tokenTypeIds, positionIds, attentionMask [B, T]; patches [B, N, 3 p p] with patchPlaces
 * [B, N, 2] (row and column from 0 for the picture's first to 1 for its last), or pictureEmbeddings [B, P, H] instead of
 * [CLS] and patches; and optionally pictureMask [B, P], P = 1 + N, and pictureTypeIds int32 [B, 1], default 1.
 */
export function patchStreamForward(
  config: PatchStreamConfig,
  parameters: ParameterLookup,
  batch: TensorTree,
  { hooks, attention }: ForwardOptions = {},
): JointOutput {
  const scope: Scope = { parameters, ...(hooks && { hooks }) };
  const embedded = sequenceEmbeddings(scope, config, batch);
  const [size, length] = embedded.shape as [number, number, number];
  const textLength = (batch.inputEmbeddings ?? batch.inputIds)?.shape[1] as number;
  const text = asMask(batch.attentionMask, size, textLength);
  const mask =
    length > textLength ? tf.concat([text, asMask(batch.pictureMask, size, length - textLength)], 1) : text;
  const states = runLayers(scope, embedded, {
    blocks: blocksOf(config),
    taps: tapsOf(config),
    run: preNormBlock,
    mask: scoreMask(mask, textLength, attention),
    ...(attention === 'separate' && length > textLength && { parts: { textLength } }),
  });
  const hidden = layerNorm(scope, 'layernorm', states.at(-1) as Tensor, config.layer_norm_eps);
  const pooled = tf.tanh(linear(scope, poolerSite(config), firstState(hidden)));
  return { kind: 'joint', hidden, states, pooled, mask, textLength, summary: firstState };
}
