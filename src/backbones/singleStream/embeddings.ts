import { UsageError } from '../../base/errors.js';
import { type Tensor, type TensorTree, tf } from '../../engine/index.js';
import { dense, dropped, embed, hidden, layerNorm, type Scope, textEmbeddings } from '../../nn/index.js';
import { embeddingsSite } from '../parts/stream.js';
import { refuseLongText } from '../parts/textLength.js';
import type { SingleStreamConfig } from './config.js';

/**
 * Mean of the position embeddings of the words that a region belongs to.
 * @param alignment int32 [B, R, A], positions of words, -1 = none
 * @returns [B, R, H], 0 for a region without words
 */
function alignedPositions(scope: Scope, alignment: Tensor): Tensor {
  const present = tf.cast(tf.greaterEqual(alignment, 0), 'float32');
  const offset = tf.scalar(scope.hooks?.positionOffset ?? 0, 'int32');
  const positions = tf.add(tf.maximum(alignment, tf.scalar(0, 'int32')), offset);
  const rows = embed(scope, 'embeddings.position_embeddings', positions); // (B, R, A, H)
  const sum = tf.sum(tf.mul(rows, tf.expandDims(present, -1)), 2);
  return tf.div(sum, tf.maximum(tf.sum(present, 2, true), 1));
}

/** Region feature (+ box, UNITER's seven numbers) + segment + position (Li et al. 2019); [B, R, H], before LayerNorm. */
function regionEmbeddings(scope: Scope, config: SingleStreamConfig, batch: TensorTree): Tensor {
  const { regionFeatures, regionBoxes, regionTypeIds, imageTextAlignment } = batch;
  const terms = [
    dense(scope, 'embeddings.visual_projection', regionFeatures as Tensor),
    embed(scope, 'embeddings.visual_token_type_embeddings', regionTypeIds ?? tf.ones([1, 1], 'int32')),
    embed(scope, 'embeddings.visual_position_embeddings', tf.zeros([1, 1], 'int32')),
  ];
  if (imageTextAlignment) terms.push(alignedPositions(scope, imageTextAlignment));
  if (config.visual_box_dim > 0) {
    terms.push(dense(scope, 'embeddings.visual_box_projection', regionBoxes as Tensor));
  }
  return terms.reduce((sum, term) => tf.add(sum, term));
}

/** Throws UsageError for a batch that the backbone can't read. */
export function refuseWrongBatch(config: SingleStreamConfig, batch: TensorTree): void {
  if (batch.regionFeatures && config.model_type !== 'visual_bert') {
    throw new UsageError(`a backbone of model_type '${config.model_type}' reads no regions`);
  }
  if (batch.regionFeatures && config.visual_box_dim > 0 && !batch.regionBoxes) {
    throw new Error('this backbone reads boxes: a batch with regionFeatures needs regionBoxes');
  }
  refuseLongText(config.max_position_embeddings, batch);
}

/** The sequence that the layers read [B, T + R, H]: text, then regions, after LayerNorm. */
export function sequenceEmbeddings(scope: Scope, config: SingleStreamConfig, batch: TensorTree): Tensor {
  const text = textEmbeddings(scope, 'embeddings', batch, config.pad_token_id);
  const sequence = batch.regionFeatures ? tf.concat([text, regionEmbeddings(scope, config, batch)], 1) : text;
  const normed = layerNorm(scope, 'embeddings.LayerNorm', sequence, config.layer_norm_eps);
  return hidden(scope, embeddingsSite('', config.hidden_size), dropped(scope, normed));
}
