import { type Tensor, tf } from '../tf.js';

/**
 * y = x Wᵀ + b.
 * @param x [..., in]
 * @param weight [out, in], the layout of PyTorch and Hugging Face files
 * @param bias [out]
 * @returns [..., out]
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  const [outWidth, inWidth] = weight.shape as [number, number];
  const rows = tf.reshape(x, [-1, inWidth]);
  const product = tf.matMul(rows, weight, false, true);
  const y = bias ? tf.add(product, bias) : product;
  return tf.reshape(y, [...x.shape.slice(0, -1), outWidth]);
}
