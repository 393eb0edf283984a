import { type Tensor, type TensorTree, tf } from '../../engine/index.js';
import {
  hidden,
  layerNorm,
  linear,
  named,
  preNormBlock,
  remembered,
  runLayers,
  type Scope,
} from '../../nn/index.js';
import type { StreamOutput } from '../backbone.js';
import { clipTextEmbeddings } from '../parts/clipText.js';
import { embeddingsSite, hiddenTaps } from '../parts/stream.js';
import { refuseLongText } from '../parts/textLength.js';
import { vectorStream } from '../parts/vectorStream.js';
import type { SiglipConfig } from './config.js';
import { layersOf, projectionSite } from './shape.js';

/** States at the last position [B, w]. */
const lastState = (states: Tensor): Tensor => {
  const [batch, length, width] = states.shape as [number, number, number];
  return tf.reshape(tf.slice(states, [0, length - 1, 0], [batch, 1, width]), [batch, width]);
};

/**
 * The text tower. Reads inputIds int32 [B, T], padded to all positions: every position sees every other, padding too, and
 * a text is pooled at its last position.
 */
export function textTower(scope: Scope, config: SiglipConfig, batch: TensorTree): StreamOutput {
  const { hidden_size: width, layer_norm_eps: epsilon, max_position_embeddings: limit } = config.text;
  const ids = batch.inputIds as Tensor;
  const [size, length] = ids.shape as [number, number];
  refuseLongText(limit, batch);
  const blocks = layersOf(config, 'text');
  const compute = () =>
    hidden(scope, embeddingsSite('text.', width), clipTextEmbeddings(scope, 'text_model.embeddings', ids));
  const taps = hiddenTaps('text.', width, blocks.length);
  const state = runLayers(scope, { batch: size, length, compute }, { blocks, taps, run: preNormBlock });
  const normed = remembered(() =>
    layerNorm(scope, 'text_model.final_layer_norm', state(blocks.length), epsilon),
  );
  return vectorStream(scope, 'text', {
    last: () => named(scope, 'text.hidden', normed),
    mask: tf.ones([size, length]),
    summary: lastState,
    project: (states) => linear(scope, projectionSite(config), states),
  });
}
