import { type Tensor, type TensorTree, tf } from '../../engine/index.js';
import {
  additiveMask,
  dropped,
  hidden,
  layerNorm,
  linear,
  named,
  preNormBlock,
  remembered,
  runLayers,
  type Scope,
  seenPositions,
  textEmbeddings,
  transformerBlock,
} from '../../nn/index.js';
import type { StreamOutput } from '../backbone.js';
import { clipTextEmbeddings } from '../parts/clipText.js';
import { firstState, realPositions } from '../parts/states.js';
import { embeddingsSite, hiddenTaps } from '../parts/stream.js';
import { refuseLongText } from '../parts/textLength.js';
import { vectorStream } from '../parts/vectorStream.js';
import type { BertTextConfig, CausalTextConfig, DualEncoderConfig } from './config.js';
import { layersOf, projectionSite } from './shape.js';

const EMBEDDINGS = 'text_model.embeddings';

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

/** BERT's embeddings after LayerNorm; [B, T, H]. */
function bertEmbeddings(scope: Scope, text: BertTextConfig, batch: TensorTree): Tensor {
  const sum = textEmbeddings(scope, EMBEDDINGS, batch, text.pad_token_id);
  return dropped(scope, layerNorm(scope, `${EMBEDDINGS}.LayerNorm`, sum, text.layer_norm_eps));
}

/** What the first layer reads. */
function embedded(scope: Scope, { text }: DualEncoderConfig, batch: TensorTree): Tensor {
  const ids = batch.inputIds as Tensor;
  const words =
    text.kind === 'causal' ? clipTextEmbeddings(scope, EMBEDDINGS, ids) : bertEmbeddings(scope, text, batch);
  return hidden(scope, embeddingsSite('text.', text.hidden_size), words);
}

/** The states [B, T, H] after that many layers. */
function layers(scope: Scope, config: DualEncoderConfig, batch: TensorTree, mask: Tensor) {
  const { text } = config;
  const [size, length] = mask.shape as [number, number];
  const causal = text.kind === 'causal';
  const sight = causal ? 'causal' : 'joint';
  const blocks = layersOf(config, 'text');
  const input = { batch: size, length, compute: () => embedded(scope, config, batch) };
  return runLayers(scope, input, {
    blocks,
    taps: hiddenTaps('text.', text.hidden_size, blocks.length),
    run: causal ? preNormBlock : transformerBlock,
    mask: additiveMask(seenPositions(mask, sight)),
    parts: { sight },
  });
}

/** CLIP's last states are normalised, and pooled at the end token. */
function atTheEnd(scope: Scope, text: CausalTextConfig, ids: Tensor, state: () => Tensor) {
  const end = tf.reshape(endOf(ids, text), [...ids.shape, 1]);
  const normed = remembered(() =>
    layerNorm(scope, 'text_model.final_layer_norm', state(), text.layer_norm_eps),
  );
  return {
    last: () => named(scope, 'text.hidden', normed),
    summary: (all: Tensor) => tf.sum(tf.mul(all, end), 1) as Tensor,
  };
}

/**
 * The text tower. Reads inputIds int32 [B, T] and optionally attentionMask [B, T]; Chinese-CLIP's also tokenTypeIds.
 * CLIP's is causal (Radford et al. 2021, section 2.4) and is pooled at the end token, Chinese-CLIP's at the first.
 */
export function textTower(scope: Scope, config: DualEncoderConfig, batch: TensorTree): StreamOutput {
  const { text } = config;
  const ids = batch.inputIds as Tensor;
  const [size, length] = ids.shape as [number, number];
  refuseLongText(text.max_position_embeddings, batch);
  const mask = realPositions(batch.attentionMask, size, length);
  const state = layers(scope, config, batch, mask);
  const last = () => state(text.num_hidden_layers);
  return vectorStream(scope, 'text', {
    ...(text.kind === 'causal' ? atTheEnd(scope, text, ids, last) : { last, summary: firstState }),
    mask,
    project: (all) => linear(scope, projectionSite(config, 'text'), all),
  });
}
