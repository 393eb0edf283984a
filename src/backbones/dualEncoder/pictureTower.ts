import { UsageError } from '../../base/errors.js';
import { type Tensor, type TensorTree, tf } from '../../engine/index.js';
import { hidden, layerNorm, linear, preNormBlock, runLayers, type Scope } from '../../nn/index.js';
import type { StreamOutput } from '../backbone.js';
import { patchCount, projectPatches } from '../parts/patches.js';
import { firstState } from '../parts/states.js';
import { embeddingsSite, hiddenTaps } from '../parts/stream.js';
import { vectorStream } from '../parts/vectorStream.js';
import type { DualEncoderConfig } from './config.js';
import { layersOf, projectionSite } from './shape.js';

const EMBEDDINGS = 'vision_model.embeddings';

/** A class token and the patches, each with its position (Dosovitskiy et al. 2021, eq. 1); [B, 1 + N, H]. */
function patchEmbeddings(scope: Scope, config: DualEncoderConfig, patches: Tensor): Tensor {
  const { parameters } = scope;
  const { hidden_size: width } = config.picture;
  const count = patches.shape[1] as number;
  const cls = tf.reshape(parameters(`${EMBEDDINGS}.class_embedding`), [1, width]);
  // the class token's own embedding joins its position: the rows before the patches are zeros
  const places = tf.add(
    parameters(`${EMBEDDINGS}.position_embedding.weight`),
    tf.pad(cls, [
      [0, count],
      [0, 0],
    ]),
  );
  return tf.add(
    tf.pad(projectPatches(scope, `${EMBEDDINGS}.patch_embedding`, patches, false), [
      [0, 0],
      [1, 0],
      [0, 0],
    ]),
    places,
  );
}

function refuseOtherCount({ picture }: DualEncoderConfig, count: number): void {
  const expected = patchCount(picture);
  if (count === expected) return;
  throw new UsageError(`a picture of ${count} patches; the backbone has ${expected} positions`);
}

/**
 * The picture tower: a ViT with a LayerNorm before its layers (Radford et al. 2021, section 2.4). Reads patches
 * [B, N, 3 p p]. `hidden` are the states after the last layer, as they are; those that are projected go through one more
 * LayerNorm first.
 */
export function pictureTower(scope: Scope, config: DualEncoderConfig, batch: TensorTree): StreamOutput {
  const { hidden_size: width, layer_norm_eps: epsilon } = config.picture;
  const patches = batch.patches as Tensor;
  const [size, count] = patches.shape as [number, number, number];
  refuseOtherCount(config, count);
  const compute = () => {
    const embedded = patchEmbeddings(scope, config, patches);
    const normed = layerNorm(scope, 'vision_model.pre_layrnorm', embedded, epsilon);
    return hidden(scope, embeddingsSite('picture.', width), normed);
  };
  const blocks = layersOf(config, 'picture');
  const embedded = { batch: size, length: 1 + count, compute };
  const taps = hiddenTaps('picture.', width, blocks.length);
  const state = runLayers(scope, embedded, { blocks, taps, run: preNormBlock });
  const normed = (all: Tensor) => layerNorm(scope, 'vision_model.post_layernorm', all, epsilon);
  return vectorStream(scope, 'picture', {
    last: () => state(blocks.length),
    mask: tf.ones([size, 1 + count]),
    summary: firstState,
    project: (all) => linear(scope, projectionSite(config, 'picture'), normed(all)),
  });
}
