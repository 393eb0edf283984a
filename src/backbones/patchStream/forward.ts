import { type Tensor, type TensorTree, tf } from '../../engine/index.js';
import {
  additiveMask,
  layerNorm,
  linear,
  named,
  preNormBlock,
  remembered,
  runLayers,
  type Scope,
  separateParts,
} from '../../nn/index.js';
import type { ParameterLookup } from '../../nn/parameters.js';
import type { ForwardOptions, JointOutput } from '../backbone.js';
import { bertRates } from '../bert.js';
import { lazily } from '../lazily.js';
import { firstState, textShape } from '../streams.js';
import type { PatchStreamConfig } from './config.js';
import { refuseLongText, sequenceEmbeddings } from './embeddings.js';
import { blocksOf, poolerSite, tapsOf } from './shape.js';

const asMask = (mask: Tensor | undefined, batch: number, length: number): Tensor =>
  mask ? tf.cast(mask, 'float32') : tf.ones([batch, length]);

/** Positions of the picture: its [CLS] and its patches. */
function pictureLength({ pictureEmbeddings, patches }: TensorTree): number {
  if (pictureEmbeddings) return pictureEmbeddings.shape[1] as number;
  return patches ? 1 + (patches.shape[1] as number) : 0;
}

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
  const scope: Scope = { parameters, rates: bertRates(config), ...(hooks && { hooks }) };
  refuseLongText(config, batch);
  const [size, textLength] = textShape(batch);
  const length = textLength + pictureLength(batch);
  const text = asMask(batch.attentionMask, size, textLength);
  const mask =
    length > textLength ? tf.concat([text, asMask(batch.pictureMask, size, length - textLength)], 1) : text;
  const blocks = blocksOf(config);
  const embedded = { batch: size, length, compute: () => sequenceEmbeddings(scope, config, batch) };
  const state = runLayers(scope, embedded, {
    blocks,
    taps: tapsOf(config),
    run: preNormBlock,
    mask: scoreMask(mask, textLength, attention),
    ...(attention === 'separate' && length > textLength && { parts: { textLength } }),
  });
  const last = remembered(() => layerNorm(scope, 'layernorm', state(blocks.length), config.layer_norm_eps));
  const hidden = () => named(scope, 'hidden', last);
  const pooled = remembered(() => tf.tanh(linear(scope, poolerSite(config), firstState(hidden()))));
  return lazily(
    { kind: 'joint' as const, state, mask, textLength, summary: firstState },
    { hidden, pooled: () => named(scope, 'pooled', pooled) },
  );
}
