import { type Tensor, type TensorTree, tf } from '../../engine/index.js';
import { additiveMask, linear, type Scope, separateParts, tapped, transformerBlock } from '../../nn/index.js';
import type { ParameterLookup } from '../../nn/parameters.js';
import type { BackboneOutput, ForwardOptions } from '../backbone.js';
import type { SingleStreamConfig } from './config.js';
import { sequenceEmbeddings } from './embeddings.js';
import { blockOf, poolerSite, tapOf } from './shape.js';

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
  const [size, , width] = hidden.shape as [number, number, number];
  const first = tf.reshape(tf.slice(hidden, [0, 0, 0], [size, 1, width]), [size, width]);
  return config.add_pooling_layer ? tf.tanh(linear(scope, poolerSite(config), first)) : first;
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
  const scope: Scope = { parameters, ...(hooks && { hooks }) };
  let hidden = tapped(scope, tapOf(config, 0), sequenceEmbeddings(scope, config, batch));
  const [size, length] = hidden.shape as [number, number, number];
  const textLength = (batch.inputEmbeddings ?? batch.inputIds)?.shape[1] as number;
  const mask = sequenceMask(batch, size, textLength, length);
  const scores = scoreMask(batch, mask, textLength, attention);
  for (let n = 0; n < config.num_hidden_layers; n++) {
    hidden = tapped(scope, tapOf(config, n + 1), transformerBlock(scope, blockOf(config, n), hidden, scores));
  }
  return { hidden, pooled: pool(scope, config, hidden), mask, textLength };
}
