import { type Tensor, type TensorTree, tf } from '../../engine/index.js';
import {
  additiveMask,
  linear,
  named,
  remembered,
  runLayers,
  type Scope,
  separateParts,
  transformerBlock,
} from '../../nn/index.js';
import type { ParameterLookup } from '../../nn/parameters.js';
import type { ForwardOptions, JointOutput, RegionOutput } from '../backbone.js';
import { bertRates } from '../bert.js';
import { lazily } from '../lazily.js';
import { firstState, textShape } from '../streams.js';
import type { SingleStreamConfig } from './config.js';
import { refuseWrongBatch, sequenceEmbeddings } from './embeddings.js';
import { blocksOf, poolerSite, tapsOf } from './shape.js';

const asMask = (mask: Tensor | undefined, batch: number, length: number): Tensor =>
  mask ? tf.cast(mask, 'float32') : tf.ones([batch, length]);

/** float32 [B, T + R], 1 = real position. */
function sequenceMask(batch: TensorTree, size: number, textLength: number, length: number): Tensor {
  const text = asMask(batch.attentionMask, size, textLength);
  if (length === textLength) return text;
  return tf.concat([text, asMask(batch.regionMask, size, length - textLength)], 1);
}

/** What is added to the scores of every layer; nothing where every position may see every other. */
function scoreMask(
  batch: TensorTree,
  mask: Tensor,
  textLength: number,
  attention: ForwardOptions['attention'],
): Tensor | undefined {
  const [size, length] = mask.shape as [number, number];
  if (attention === 'separate' && length > textLength) return additiveMask(separateParts(mask, textLength));
  if (!batch.attentionMask && !batch.regionMask) return undefined;
  return additiveMask(tf.reshape(mask, [size, 1, 1, length]));
}

function pool(scope: Scope, config: SingleStreamConfig, hidden: Tensor): Tensor {
  const first = firstState(hidden);
  return config.add_pooling_layer ? tf.tanh(linear(scope, poolerSite(config), first)) : first;
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
): JointOutput {
  const scope: Scope = { parameters, rates: bertRates(config), ...(hooks && { hooks }) };
  const [size, textLength] = textShape(batch);
  refuseWrongBatch(config, batch);
  const length = textLength + (batch.regionFeatures?.shape[1] ?? 0);
  const mask = sequenceMask(batch, size, textLength, length);
  const scores = scoreMask(batch, mask, textLength, attention);
  const apart = attention === 'separate' && length > textLength;
  const blocks = blocksOf(config);
  const embedded = { batch: size, length, compute: () => sequenceEmbeddings(scope, config, batch) };
  const state = runLayers(scope, embedded, {
    blocks,
    taps: tapsOf(config),
    run: transformerBlock,
    ...(scores && { mask: scores }),
    ...(apart && { parts: { textLength } }),
  });
  const hidden = () => state(blocks.length);
  const pooled = remembered(() => pool(scope, config, hidden()));
  const regions = batch.regionFeatures && { regions: regionsOf(mask, textLength) };
  return lazily(
    { kind: 'joint' as const, state, mask, textLength, summary: firstState, ...regions },
    { hidden, pooled: () => named(scope, 'pooled', pooled) },
  );
}
