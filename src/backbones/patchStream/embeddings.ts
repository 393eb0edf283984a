import { type Tensor, type TensorTree, tf } from '../../engine/index.js';
import { dropped, embed, hidden, layerNorm, type Scope, textEmbeddings } from '../../nn/index.js';
import { gridSide, projectPatches } from '../parts/patches.js';
import { embeddingsSite } from '../parts/stream.js';
import type { PatchStreamConfig } from './config.js';

const TEXT = 'embeddings.text_embeddings';
const MODALITIES = 'embeddings.token_type_embeddings';
const PROJECTION = 'embeddings.patch_embeddings.projection';

/**
 * How much of each position of a square grid a patch gets: bilinear interpolation with aligned corners is a product of
 * two hat functions.
 * @param places [B, N, 2], row and column of each patch, 0 for the picture's first and 1 for its last one
 * @returns [B, N, side * side], rows of the grid first; sums to 1
 */
function gridWeights(places: Tensor, side: number): Tensor {
  const [batch, count] = places.shape as [number, number, number];
  const cells = tf.range(0, side, 1, 'float32');
  const along = (axis: number): Tensor => {
    const at = tf.mul(tf.slice(places, [0, 0, axis], [batch, count, 1]), side - 1);
    return tf.relu(tf.sub(1, tf.abs(tf.sub(at, cells)))); // (B, N, side)
  };
  const product = tf.mul(tf.expandDims(along(0), 3), tf.expandDims(along(1), 2));
  return tf.reshape(product, [batch, count, side * side]);
}

/** Positions of the patches [B, N, H], interpolated to the picture's own grid (Dosovitskiy et al. 2021, section 3.2). */
function patchPositions({ parameters }: Scope, config: PatchStreamConfig, places: Tensor): Tensor {
  const [batch, count] = places.shape as [number, number, number];
  const [side, width] = [gridSide(config), config.hidden_size];
  const grid = tf.slice(parameters('embeddings.position_embeddings'), [0, 1, 0], [1, side * side, width]);
  const weights = tf.reshape(gridWeights(places, side), [batch * count, side * side]);
  const mixed = tf.matMul(weights as never, tf.reshape(grid, [side * side, width]) as never) as Tensor;
  return tf.reshape(mixed, [batch, count, width]);
}

/** The picture's own [CLS] and its projected patches, each with its position; [B, 1 + N, H]. */
function pictureEmbeddings(scope: Scope, config: PatchStreamConfig, batch: TensorTree): Tensor {
  const { parameters } = scope;
  const [patches, places] = [batch.patches as Tensor, batch.patchPlaces as Tensor];
  const [size] = patches.shape as [number];
  const width = config.hidden_size;
  const projected = projectPatches(scope, PROJECTION, patches, true);
  const first = tf.slice(parameters('embeddings.position_embeddings'), [0, 0, 0], [1, 1, width]);
  const cls = tf.tile(tf.add(parameters('embeddings.cls_token'), first), [size, 1, 1]);
  const placed = tf.add(projected, patchPositions(scope, config, places));
  return dropped(scope, tf.concat([cls, placed], 1));
}

const oneType = (type: number): Tensor => tf.fill([1, 1], type, 'int32');

/** What the layers read [B, T + 1 + N, H]: text, then picture, each with its modality (Kim et al. 2021, eq. 1 to 3). */
export function sequenceEmbeddings(scope: Scope, config: PatchStreamConfig, batch: TensorTree): Tensor {
  const sum = textEmbeddings(scope, TEXT, batch, config.pad_token_id);
  const words = dropped(scope, layerNorm(scope, `${TEXT}.LayerNorm`, sum, config.layer_norm_eps));
  const text = tf.add(words, embed(scope, MODALITIES, oneType(0)));
  if (!batch.patches && !batch.pictureEmbeddings)
    return hidden(scope, embeddingsSite('', config.hidden_size), text);
  const types = embed(scope, MODALITIES, batch.pictureTypeIds ?? oneType(1));
  const picture = tf.add(batch.pictureEmbeddings ?? pictureEmbeddings(scope, config, batch), types);
  return hidden(scope, embeddingsSite('', config.hidden_size), tf.concat([text, picture], 1));
}
