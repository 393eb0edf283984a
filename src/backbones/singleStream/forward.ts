import { type Tensor, type TensorTree, tf } from '../../engine/index.js';
import { linear, named, remembered, runLayers, type Scope, transformerBlock } from '../../nn/index.js';
import type { ParameterLookup } from '../../nn/parameters.js';
import type { BackboneOutput, ForwardOptions, RegionOutput } from '../backbone.js';
import { lazily } from '../lazily.js';
import { bertRates } from '../parts/bert.js';
import { sequenceMask } from '../parts/sequenceMask.js';
import { firstState, realPositions, textShape } from '../parts/states.js';
import { hiddenTaps, poolerSite } from '../parts/stream.js';
import type { SingleStreamConfig } from './config.js';
import { refuseWrongBatch, sequenceEmbeddings } from './embeddings.js';
import { layersOf } from './shape.js';

/** float32 [B, T + R], 1 = real position. */
function realOf(batch: TensorTree, size: number, textLength: number, length: number): Tensor {
  const text = realPositions(batch.attentionMask, size, textLength);
  if (length === textLength) return text;
  return tf.concat([text, realPositions(batch.regionMask, size, length - textLength)], 1);
}

/** Nothing is masked where every position may see every other. */
function scoresOf(
  batch: TensorTree,
  real: Tensor,
  textLength: number,
  attention: ForwardOptions['attention'],
): Partial<ReturnType<typeof sequenceMask>> {
  const isApart = attention === 'separate' && (real.shape[1] as number) > textLength;
  if (!isApart && !batch.attentionMask && !batch.regionMask) return {};
  return sequenceMask(real, textLength, attention);
}

function pool(scope: Scope, config: SingleStreamConfig, hidden: Tensor): Tensor {
  const first = firstState(hidden);
  return config.add_pooling_layer ? tf.tanh(linear(scope, poolerSite(config.hidden_size), first)) : first;
}

/** The states after the text, and their mask. */
function regionsOf(mask: Tensor, textLength: number): RegionOutput {
  const [size, length] = mask.shape as [number, number];
  const count = length - textLength;
  return {
    mask: tf.slice(mask, [0, textLength], [size, count]),
    of: (states) => tf.slice(states, [0, textLength, 0], [size, count, states.shape[2] as number]),
  };
}

/**
 * One pass: embeddings, layers, pooler. Reads from the batch inputIds int32 [B, T] or inputEmbeddings [B, T, H], and
 * optionally tokenTypeIds, positionIds, attentionMask [B, T], regionFeatures [B, R, F], regionBoxes [B, R, 7],
 * regionMask and regionTypeIds [B, R], imageTextAlignment int32 [B, R, A].
 */
export function singleStreamForward(
  config: SingleStreamConfig,
  parameters: ParameterLookup,
  batch: TensorTree,
  { hooks, attention }: ForwardOptions = {},
): BackboneOutput {
  const scope: Scope = { parameters, rates: bertRates(config), ...(hooks && { hooks }) };
  const [size, textLength] = textShape(batch);
  refuseWrongBatch(config, batch);
  const length = textLength + (batch.regionFeatures?.shape[1] ?? 0);
  const mask = realOf(batch, size, textLength, length);
  const blocks = layersOf(config);
  const embedded = { batch: size, length, compute: () => sequenceEmbeddings(scope, config, batch) };
  const state = runLayers(scope, embedded, {
    blocks,
    taps: hiddenTaps('', config.hidden_size, blocks.length),
    run: transformerBlock,
    ...scoresOf(batch, mask, textLength, attention),
  });
  const hidden = () => state(blocks.length);
  const pooled = remembered(() => pool(scope, config, hidden()));
  const fused = lazily(
    { state, mask, textLength, summary: firstState },
    { hidden, pooled: () => named(scope, 'pooled', pooled) },
  );
  return { fused, ...(batch.regionFeatures && { regions: regionsOf(mask, textLength) }) };
}
