import { UsageError } from '../../base/errors.js';
import { linear as affine, type Tensor, type TensorTree, tf } from '../../engine/index.js';
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
import { lazily } from '../lazily.js';
import { firstState } from '../streams.js';
import type { DualEncoderConfig } from './config.js';
import { blocksOf, embeddingsSite, patchCount, projectionSite, tapsOf } from './shape.js';

const EMBEDDINGS = 'vision_model.embeddings';

/** A class token and the patches, each with its position (Dosovitskiy et al. 2021, eq. 1); [B, 1 + N, H]. */
function patchEmbeddings({ parameters }: Scope, config: DualEncoderConfig, patches: Tensor): Tensor {
  const { hidden_size: width } = config.picture;
  const [, count, values] = patches.shape as [number, number, number];
  const kernel = tf.reshape(parameters(`${EMBEDDINGS}.patch_embedding.weight`), [width, values]);
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
    tf.pad(affine(patches, kernel), [
      [0, 0],
      [1, 0],
      [0, 0],
    ]),
    places,
  );
}

/**
 * The picture tower: a ViT with a LayerNorm before its layers (Radford et al. 2021, section 2.4). Reads patches
 * [B, N, 3 p p]. `hidden` are the states after the last layer, as they are; those that are projected go through one more
 * LayerNorm first.
 */
export function pictureTower(scope: Scope, config: DualEncoderConfig, batch: TensorTree): StreamOutput {
  const { layer_norm_eps: epsilon } = config.picture;
  const patches = batch.patches as Tensor;
  const [size, count] = patches.shape as [number, number, number];
  const expected = patchCount(config.picture);
  if (count !== expected) {
    throw new UsageError(`a picture of ${count} patches; the backbone has ${expected} positions`);
  }
  const compute = () => {
    const embedded = patchEmbeddings(scope, config, patches);
    const normed = layerNorm(scope, 'vision_model.pre_layrnorm', embedded, epsilon);
    return hidden(scope, embeddingsSite(config, 'picture'), normed);
  };
  const blocks = blocksOf(config, 'picture');
  const embedded = { batch: size, length: 1 + count, compute };
  const state = runLayers(scope, embedded, { blocks, taps: tapsOf(config, 'picture'), run: preNormBlock });
  const last = () => state(blocks.length);
  const project = (all: Tensor) =>
    linear(
      scope,
      projectionSite(config, 'picture'),
      layerNorm(scope, 'vision_model.post_layernorm', all, epsilon),
    );
  const pooled = remembered(() => project(firstState(last())));
  const mask = tf.ones([size, 1 + count]);
  return lazily(
    { mask, summary: firstState, project },
    { hidden: last, pooled: () => named(scope, 'picture.pooled', pooled) },
  );
}
