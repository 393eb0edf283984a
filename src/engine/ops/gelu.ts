import { castLike } from '../precision.js';
import { type Tensor, tf } from '../tf.js';
import { type Op, runOp } from './define.js';

// The standard normal's distribution function.
const cumulative = (x: Tensor): Tensor => tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
const density = (x: Tensor): Tensor => tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));

/** x Φ(x); the gradient Φ(x) + x φ(x) is computed anew from x, so that nothing else is kept. */
export const geluOp: Op = {
  name: 'VlgraftGelu',
  forward: ({ x }) => {
    // As rows, so that nothing stands between a product and this: TensorFlow fuses product, bias and GELU.
    const rows = tf.reshape(x as Tensor, [-1, (x as Tensor).shape.at(-1) ?? 1]);
    return [tf.reshape(tf.mul(rows, cumulative(rows)), (x as Tensor).shape)];
  },
  saves: { inputs: ['x'], outputs: [] },
  gradient: (dy, [x]) => ({
    x: () => {
      // Ops on bf16 values convert them one by one: one conversion of all is cheaper than ten.
      const wide = castLike(x as Tensor, tf.scalar(1));
      const slope = tf.add(cumulative(wide), tf.mul(wide, density(wide)));
      return castLike(tf.mul(dy, slope), x as Tensor);
    },
  }),
};

/** Gaussian error linear unit, exact form (Hendrycks and Gimpel 2016, eq. 1); element-wise. */
export const gelu = (x: Tensor): Tensor => runOp(geluOp, { x });
