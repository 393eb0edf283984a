import { UsageError } from '../../base/errors.js';
import { type Tensor, type TensorTree, tf } from '../../engine/index.js';
import {
  additiveMask,
  causalMask,
  dropped,
  embed,
  hidden,
  layerNorm,
  linear,
  named,
  preNormBlock,
  remembered,
  runLayers,
  type Scope,
  textEmbeddings,
  textPositions,
  transformerBlock,
} from '../../nn/index.js';
import type { StreamOutput } from '../backbone.js';
import { lazily } from '../lazily.js';
import { firstState } from '../streams.js';
import type { BertTextConfig, CausalTextConfig, DualEncoderConfig } from './config.js';
import { blocksOf, embeddingsSite, projectionSite, tapsOf } from './shape.js';

const EMBEDDINGS = 'text_model.embeddings';

function refuseLongText({ text }: DualEncoderConfig, length: number): void {
  const limit = text.max_position_embeddings;
  if (length <= limit) return;
  throw new UsageError(`a text of ${length} tokens; the backbone has ${limit} positions`);
}

/** float32 [B, T], 1 at the end of each text: the first end token, or with the old id 2 the first of the largest ids. */
function endOf(ids: Tensor, { eos_token_id: end }: CausalTextConfig): Tensor {
  const length = ids.shape[1] as number;
  const ends = end === 2 ? ids : tf.cast(tf.equal(ids, tf.scalar(end, 'int32')), 'int32');
  const at = tf.reshape(tf.argMax(ends, 1), [-1, 1]);
  return tf.cast(
    tf.equal(tf.cast(at, 'int32'), tf.reshape(tf.range(0, length, 1, 'int32'), [1, length])),
    'float32',
  );
}

/** Token + position embeddings of CLIP; [B, T, H]. */
function causalEmbeddings(scope: Scope, ids: Tensor): Tensor {
  const table = `${EMBEDDINGS}.position_embedding`;
  const positions = textPositions(scope, table, ids.shape[1] as number);
  return tf.add(embed(scope, `${EMBEDDINGS}.token_embedding`, ids), embed(scope, table, positions));
}

/** BERT's embeddings after LayerNorm; [B, T, H]. */
function bertEmbeddings(scope: Scope, text: BertTextConfig, batch: TensorTree): Tensor {
  const sum = textEmbeddings(scope, EMBEDDINGS, batch, text.pad_token_id);
  return dropped(scope, layerNorm(scope, `${EMBEDDINGS}.LayerNorm`, sum, text.layer_norm_eps));
}

/** The stream of those last states. */
function finish(
  scope: Scope,
  config: DualEncoderConfig,
  last: () => Tensor,
  { mask, summary }: Pick<StreamOutput, 'mask' | 'summary'>,
): StreamOutput {
  const project = (x: Tensor) => linear(scope, projectionSite(config, 'text'), x);
  const pooled = remembered(() => project(summary(last())));
  return lazily(
    { mask, summary, project },
    { hidden: last, pooled: () => named(scope, 'text.pooled', pooled) },
  );
}

/**
 * The text tower. Reads inputIds int32 [B, T] and optionally attentionMask [B, T]; Chinese-CLIP's also tokenTypeIds.
 * CLIP's is causal (Radford et al. 2021, section 2.4) and is pooled at the end token, Chinese-CLIP's at the first.
 */
export function textTower(scope: Scope, config: DualEncoderConfig, batch: TensorTree): StreamOutput {
  const { text } = config;
  const ids = batch.inputIds as Tensor;
  const [size, length] = ids.shape as [number, number];
  refuseLongText(config, length);
  const mask = batch.attentionMask ? tf.cast(batch.attentionMask, 'float32') : tf.ones([size, length]);
  const seen = tf.reshape(mask, [size, 1, 1, length]);
  const scores = additiveMask(text.kind === 'causal' ? tf.mul(seen, causalMask(length)) : seen);
  const compute = () => {
    const words = text.kind === 'causal' ? causalEmbeddings(scope, ids) : bertEmbeddings(scope, text, batch);
    return hidden(scope, embeddingsSite(config, 'text'), words);
  };
  const blocks = blocksOf(config, 'text');
  const state = runLayers(
    scope,
    { batch: size, length, compute },
    {
      blocks,
      taps: tapsOf(config, 'text'),
      run: text.kind === 'causal' ? preNormBlock : transformerBlock,
      mask: scores,
      parts: { causal: text.kind === 'causal' },
    },
  );
  const last = () => state(blocks.length);
  if (text.kind === 'bert') return finish(scope, config, last, { mask, summary: firstState });
  const end = tf.reshape(endOf(ids, text), [size, length, 1]);
  const normed = remembered(() =>
    layerNorm(scope, 'text_model.final_layer_norm', last(), text.layer_norm_eps),
  );
  const summary = (all: Tensor) => tf.sum(tf.mul(all, end), 1) as Tensor;
  return finish(scope, config, () => named(scope, 'text.hidden', normed), { mask, summary });
}
