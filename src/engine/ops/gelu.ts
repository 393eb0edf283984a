import { graphs } from '../graphs.js';
import { idOf, recordingWith } from '../nativeBackend.js';
import { castLike, isBf16, widened } from '../precision.js';
import { isTaped, type Tensor, tf } from '../tf.js';
import { clustered } from './clustered.js';
import { type Op, runOp } from './define.js';

// The standard normal's distribution function.
const cumulative = (x: Tensor): Tensor => tf.mul(tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1), 0.5);
const density = (x: Tensor): Tensor => tf.mul(tf.exp(tf.mul(tf.square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));

function whole(x: Tensor): Tensor {
  const wide = widened(x);
  return castLike(tf.mul(wide, cumulative(wide)), x);
}

const inOnePass = (x: Tensor): Tensor => clustered('gelu', [x], ([one]) => [whole(one)])[0];

/** As rows, so that nothing stands between a product and this: TensorFlow fuses product, bias and GELU in f32. */
function behindProduct(x: Tensor): Tensor {
  const rows = tf.reshape(x, [-1, x.shape.at(-1) ?? 1]);
  return tf.reshape(tf.mul(rows, cumulative(rows)), x.shape);
}

/** TensorFlow's name of it. */
const EXACT = 'GeluExact';

/** The product before it, its bias and this as one op, which rounds to bf16 once, at its end. */
function narrowWithProduct(x: Tensor): Tensor | undefined {
  const native = isBf16(x) ? recordingWith('_MklNativeFusedMatMul') : undefined;
  if (!native || !graphs().fusesNarrow(native.binding.session, EXACT)) return undefined;
  const made = native.binding.fused(idOf(native, x), EXACT);
  return made && native.createOutputTensor(made);
}

/** Where no gradient reads the product; one that a gradient reads is not fused with what follows it. */
const untaped = (x: Tensor): Tensor => narrowWithProduct(x) ?? (isBf16(x) ? inOnePass(x) : behindProduct(x));

/** x Φ(x); the gradient Φ(x) + x φ(x) is computed anew from x, so that nothing else is kept. */
export const geluOp: Op = {
  name: 'VlgraftGelu',
  forward: ({ x }) => [isTaped() ? inOnePass(x as Tensor) : untaped(x as Tensor)],
  saves: { inputs: ['x'], outputs: [] },
  gradient: (dy, [x]) => ({
    x: () =>
      clustered('gelu gradient', [dy, x as Tensor], ([d, one]) => {
        const wide = widened(one);
        const slope = tf.add(cumulative(wide), tf.mul(wide, density(wide)));
        return [castLike(tf.mul(d, slope), one)];
      })[0],
  }),
};

/** Gaussian error linear unit, exact form (Hendrycks and Gimpel 2016, eq. 1); element-wise. */
export const gelu = (x: Tensor): Tensor => runOp(geluOp, { x });
