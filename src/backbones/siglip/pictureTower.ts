import { UsageError } from '../../base/errors.js';
import { type Tensor, tf } from '../../engine/index.js';
import { hidden, layerNorm, named, preNormBlock, remembered, runLayers, type Scope } from '../../nn/index.js';
import type { StreamOutput } from '../backbone.js';
import { patchCount, projectPatches } from '../parts/patches.js';
import { embeddingsSite, hiddenTaps } from '../parts/stream.js';
import { vectorStream } from '../parts/vectorStream.js';
import type { SiglipConfig } from './config.js';
import { asPooledAlone, attentionPool } from './pooler.js';
import { layersOf } from './shape.js';

const EMBEDDINGS = 'vision_model.embeddings';

/** Patches, each with its position; [B, N, H]. */
function embedded(scope: Scope, { picture }: SiglipConfig, patches: Tensor): Tensor {
  const projected = projectPatches(scope, `${EMBEDDINGS}.patch_embedding`, patches, true);
  const placed = tf.add(projected, scope.parameters(`${EMBEDDINGS}.position_embedding.weight`));
  return hidden(scope, embeddingsSite('picture.', picture.hidden_size), placed);
}

/** The picture tower: a ViT without class token, whose states a learned probe pools. Reads patches [B, N, 3 p p]. */
export function pictureTower(scope: Scope, config: SiglipConfig, patches: Tensor): StreamOutput {
  const { hidden_size: width, layer_norm_eps: epsilon } = config.picture;
  const [size, count] = patches.shape as [number, number, number];
  const expected = patchCount(config.picture);
  if (count !== expected) {
    throw new UsageError(`a picture of ${count} patches; the backbone has ${expected} positions`);
  }
  const blocks = layersOf(config, 'picture');
  const input = { batch: size, length: count, compute: () => embedded(scope, config, patches) };
  const taps = hiddenTaps('picture.', width, blocks.length);
  const state = runLayers(scope, input, { blocks, taps, run: preNormBlock });
  const normed = remembered(() =>
    layerNorm(scope, 'vision_model.post_layernorm', state(blocks.length), epsilon),
  );
  return vectorStream(scope, 'picture', {
    last: () => named(scope, 'picture.hidden', normed),
    mask: tf.ones([size, count]),
    // No position stands for all: what a probe that looks everywhere alike would see.
    summary: (states) => tf.mean(states, 1),
    pooled: (states) => attentionPool(scope, config, states),
    project: (states) => asPooledAlone(scope, config, states),
  });
}
