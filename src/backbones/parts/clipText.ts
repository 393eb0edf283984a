import { type Tensor, tf } from '../../engine/index.js';
import { embed, type Scope, textPositions } from '../../nn/index.js';
import type { ParameterSpec } from '../../nn/parameters.js';
import { embeddingTable } from './bert.js';

/** Sizes of the tables of CLIP's texts, by the names of Hugging Face. */
interface ClipTextSizes {
  readonly vocab_size: number;
  readonly max_position_embeddings: number;
  readonly hidden_size: number;
  readonly initializer_range: number;
}

/** Tables of words and positions, as CLIP and SigLIP have them. */
export const clipTextTables = (name: string, config: ClipTextSizes): ParameterSpec[] => [
  embeddingTable(`${name}.token_embedding`, config.vocab_size, config),
  embeddingTable(`${name}.position_embedding`, config.max_position_embeddings, config),
];

/** Word + position; ids int32 [B, T] -> [B, T, H]. */
export function clipTextEmbeddings(scope: Scope, name: string, ids: Tensor): Tensor {
  const table = `${name}.position_embedding`;
  const positions = textPositions(scope, table, ids.shape[1] as number);
  return tf.add(embed(scope, `${name}.token_embedding`, ids), embed(scope, table, positions));
}
