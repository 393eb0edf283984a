import { castLike } from '../precision.js';
import { type Tensor, tf } from '../tf.js';
import { type Op, runOp } from './define.js';

// The standard normal's distribution function.
const cumulative = (x: Tensor): Tensor => tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
const density = (x: Tensor): Tensor => tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));

/** x Φ(x); the gradient Φ(x) + x φ(x) is computed anew from x, so that nothing else is kept. */
export const geluOp: Op = {
  name: 'VlgraftGelu',
  forward: ({ x }) => [tf.mul(x as Tensor, cumulative(x as Tensor))],
  saves: { inputs: ['x'], outputs: [] },
  gradient: (dy, [x]) => ({
    x: () => {
      const slope = tf.add(cumulative(x as Tensor), tf.mul(x as Tensor, density(x as Tensor)));
      return castLike(tf.mul(dy, slope), x as Tensor);
    },
  }),
};

/** Gaussian error linear unit, exact form (Hendrycks and Gimpel 2016, eq. 1); element-wise. */
export const gelu = (x: Tensor): Tensor => runOp(geluOp, { x });
