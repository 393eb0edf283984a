import { type Tensor, type TensorTree, tf } from '../../engine/index.js';
import { layerNorm, linear, named, preNormBlock, remembered, runLayers, type Scope } from '../../nn/index.js';
import type { ParameterLookup } from '../../nn/parameters.js';
import type { BackboneOutput, ForwardOptions } from '../backbone.js';
import { lazily } from '../lazily.js';
import { bertRates } from '../parts/bert.js';
import { sequenceMask } from '../parts/sequenceMask.js';
import { firstState, realPositions, textShape } from '../parts/states.js';
import { hiddenTaps, poolerSite } from '../parts/stream.js';
import { refuseLongText } from '../parts/textLength.js';
import type { PatchStreamConfig } from './config.js';
import { sequenceEmbeddings } from './embeddings.js';
import { layersOf } from './shape.js';

/** Positions of the picture: its [CLS] and its patches. */
function pictureLength({ pictureEmbeddings, patches }: TensorTree): number {
  if (pictureEmbeddings) return pictureEmbeddings.shape[1] as number;
  return patches ? 1 + (patches.shape[1] as number) : 0;
}

/** float32 [B, T + P], 1 = real position. */
function realOf(batch: TensorTree, size: number, textLength: number): Tensor {
  const text = realPositions(batch.attentionMask, size, textLength);
  const picture = pictureLength(batch);
  if (picture === 0) return text;
  return tf.concat([text, realPositions(batch.pictureMask, size, picture)], 1);
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
): BackboneOutput {
  const scope: Scope = { parameters, rates: bertRates(config), ...(hooks && { hooks }) };
  const { hidden_size: width, layer_norm_eps: epsilon } = config;
  refuseLongText(config.max_position_embeddings, batch);
  const [size, textLength] = textShape(batch);
  const mask = realOf(batch, size, textLength);
  const length = mask.shape[1] as number;
  const blocks = layersOf(config);
  const embedded = { batch: size, length, compute: () => sequenceEmbeddings(scope, config, batch) };
  const state = runLayers(scope, embedded, {
    blocks,
    taps: hiddenTaps('', width, blocks.length),
    run: preNormBlock,
    ...sequenceMask(mask, textLength, attention),
  });
  const last = remembered(() => layerNorm(scope, 'layernorm', state(blocks.length), epsilon));
  const hidden = () => named(scope, 'hidden', last);
  const pooled = remembered(() => tf.tanh(linear(scope, poolerSite(width), firstState(hidden()))));
  const fused = lazily(
    { state, mask, textLength, summary: firstState },
    { hidden, pooled: () => named(scope, 'pooled', pooled) },
  );
  return { fused };
}
