import { UsageError } from '../base/errors.js';
import { embedding, type Tensor, tf } from '../engine/index.js';
import type { Scope } from './scope.js';

/**
 * Rows of the table `name.weight` [rows, width].
 * @param ids int32 [...]
 * @param padding the row that is not learnt, where there is one
 * @returns [..., width]
 */
export const embed = ({ parameters }: Scope, name: string, ids: Tensor, padding?: number): Tensor =>
  embedding(parameters(`${name}.weight`), ids, padding);

/**
 * Positions of a text as they are looked up: 0, 1, 2, ... where none are given, later where adapters take those before.
 * Throws UsageError where the table `name.weight` has not so many rows.
 * @param given int32 [B, T]
 * @returns int32 [B, T] or [1, T]
 */
export function textPositions(
  { parameters, hooks }: Scope,
  name: string,
  length: number,
  given?: Tensor,
): Tensor {
  const offset = hooks?.positionOffset ?? 0;
  const limit = parameters(`${name}.weight`).shape[0] as number;
  if (offset > 0 && length + offset > limit) {
    const message = `a text of ${length} tokens after ${offset} positions of adapters`;
    throw new UsageError(`${message}; the backbone has ${limit} positions`);
  }
  if (!given) return tf.reshape(tf.range(offset, offset + length, 1, 'int32'), [1, length]);
  return offset > 0 ? tf.add(given, tf.scalar(offset, 'int32')) : given;
}

export interface TextInput {
  /** int32 [B, T]. */
  readonly inputIds?: Tensor;
  /** [B, T, width], instead of inputIds. */
  readonly inputEmbeddings?: Tensor;
  /** int32 [B, T]; default 0. */
  readonly tokenTypeIds?: Tensor;
  /** int32 [B, T]; default 0, 1, 2, ... */
  readonly positionIds?: Tensor;
}

/**
 * Token + segment + position embeddings before LayerNorm (Devlin et al. 2019, figure 2), from the tables
 * `word_embeddings`, `token_type_embeddings` and `position_embeddings` under `prefix`.
 * @param padding the word that is not learnt, where there is one
 * @returns [B, T, width]
 */
export function textEmbeddings(
  scope: Scope,
  prefix: string,
  input: TextInput,
  padding?: number | null,
): Tensor {
  const { inputIds, inputEmbeddings, tokenTypeIds, positionIds } = input;
  if (!inputEmbeddings && !inputIds) throw new Error('a batch needs inputIds or inputEmbeddings');
  const words =
    inputEmbeddings ?? embed(scope, `${prefix}.word_embeddings`, inputIds as Tensor, padding ?? undefined);
  const length = words.shape[1] as number;
  // Tables of one row each broadcast over the batch, so that defaults cost no [B, T] tensor.
  const types = tokenTypeIds ?? tf.zeros([1, 1], 'int32');
  const table = `${prefix}.position_embeddings`;
  const typed = tf.add(words, embed(scope, `${prefix}.token_type_embeddings`, types));
  return tf.add(typed, embed(scope, table, textPositions(scope, table, length, positionIds)));
}
