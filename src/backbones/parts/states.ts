import { type Tensor, type TensorTree, tf } from '../../engine/index.js';

/** States at the first position: `summary` of streams that begin with a token for the whole. */
export const firstState = (states: Tensor): Tensor => {
  const [batch, , width] = states.shape as [number, number, number];
  return tf.reshape(tf.slice(states, [0, 0, 0], [batch, 1, width]), [batch, width]);
};

/** Texts of a batch and positions of each, from its ids or its embeddings; throws an Error where it has neither. */
export function textShape({ inputIds, inputEmbeddings }: TensorTree): readonly [number, number] {
  const text = inputEmbeddings ?? inputIds;
  if (!text) throw new Error('a batch needs inputIds or inputEmbeddings');
  return text.shape.slice(0, 2) as [number, number];
}

/** float32 [batch, length], 1 = real position; without a mask all are. */
export const realPositions = (mask: Tensor | undefined, batch: number, length: number): Tensor =>
  mask ? tf.cast(mask, 'float32') : tf.ones([batch, length]);
