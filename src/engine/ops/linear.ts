import { castLike } from '../precision.js';
import { dequantised } from '../quantise.js';
import { type Tensor, tf } from '../tf.js';
import { addBias } from './addBias.js';
import { type Op, runOp } from './define.js';
import { matMul } from './matMul.js';

const rowsOf = (x: Tensor): Tensor => tf.reshape(x, [-1, x.shape[x.rank - 1] as number]);

/** y = x Wᵀ + b as one op: three gradients, each only when its input trains. */
export const linearOp: Op = {
  name: 'VlgraftLinear',
  forward: ({ x, weight, bias }) => {
    const rows = rowsOf(x as Tensor);
    const floats = dequantised(weight as Tensor, rows);
    const product = matMul(rows, floats, false, true);
    const y = bias ? addBias(product, bias) : product;
    const shape = [...(x as Tensor).shape.slice(0, -1), (weight as Tensor).shape[0] as number];
    // Trainable weights are f32: so is what they give, also where the product ran in bf16.
    return [castLike(tf.reshape(y, shape), floats)];
  },
  saves: { inputs: ['x', 'weight'], outputs: [] },
  gradient: (dy, [x, weight]) => ({
    x: () => {
      const rows = rowsOf(dy);
      return tf.reshape(matMul(rows, dequantised(weight as Tensor, rows)), (x as Tensor).shape);
    },
    weight: () => matMul(rowsOf(dy), rowsOf(x as Tensor), true),
    bias: () => tf.sum(rowsOf(dy), 0),
  }),
};

/**
 * y = x Wᵀ + b.
 * @param x [..., in]
 * @param weight [out, in], the layout of PyTorch and Hugging Face files
 * @param bias [out]
 * @returns [..., out]
 */
export const linear = (x: Tensor, weight: Tensor, bias?: Tensor): Tensor =>
  runOp(linearOp, bias ? { x, weight, bias } : { x, weight });
