import { type Tensor, tf } from '../tf.js';

/**
 * Rows of a table.
 * @param table [rows, width]
 * @param ids int32 [...]
 * @returns [..., width]
 */
export function embedding(table: Tensor, ids: Tensor): Tensor {
  return tf.gather(table, tf.cast(ids, 'int32'));
}
