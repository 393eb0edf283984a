import { type Tensor, type TensorTree, tf } from '../../engine/index.js';
import {
  additiveMask,
  layerNorm,
  linear,
  preNormBlock,
  type Scope,
  separateParts,
  tapped,
} from '../../nn/index.js';
import type { ParameterLookup } from '../../nn/parameters.js';
import type { ForwardOptions, JointOutput } from '../backbone.js';
import { firstState } from '../streams.js';
import type { PatchStreamConfig } from './config.js';
import { sequenceEmbeddings } from './embeddings.js';
import { blockOf, poolerSite, tapOf } from './shape.js';

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
  let x = tapped(scope, tapOf(config, 0), sequenceEmbeddings(scope, config, batch));
  const states = [x];
  const [size, length] = x.shape as [number, number, number];
  const textLength = (batch.inputEmbeddings ?? batch.inputIds)?.shape[1] as number;
  const text = asMask(batch.attentionMask, size, textLength);
  const mask =
    length > textLength ? tf.concat([text, asMask(batch.pictureMask, size, length - textLength)], 1) : text;
  const scores = scoreMask(mask, textLength, attention);
  for (let n = 0; n < config.num_hidden_layers; n++) {
    x = tapped(scope, tapOf(config, n + 1), preNormBlock(scope, blockOf(config, n), x, scores));
    states.push(x);
  }
  const hidden = layerNorm(scope, 'layernorm', x, config.layer_norm_eps);
  const pooled = tf.tanh(linear(scope, poolerSite(config), firstState(hidden)));
  return { kind: 'joint', hidden, states, pooled, mask, textLength, summary: firstState };
}
