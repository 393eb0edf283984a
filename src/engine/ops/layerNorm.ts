import { castLike } from '../precision.js';
import { isTaped, type Tensor, tf } from '../tf.js';
import { clustered } from './clustered.js';
import { type Op, runOp } from './define.js';

const rowMean = (x: Tensor): Tensor => tf.mean(x, -1, true);
const sumRows = (x: Tensor): Tensor => tf.sum(tf.reshape(x, [-1, x.shape[x.rank - 1] as number]), 0);

/** Keeps the normalised input and the inverse deviation; statistics are f32 whatever the input is stored in. */
export const layerNormOp: Op = {
  name: 'VlgraftLayerNorm',
  forward: ({ x, residual, scale, shift }, { epsilon }) => {
    const inputs = [x, scale, shift, ...(residual ? [residual] : [])] as [
      Tensor,
      Tensor,
      Tensor,
      ...Tensor[],
    ];
    const taped = isTaped();
    const label = `layer norm ${epsilon}, ${taped ? 'with' : 'without'} gradient`;
    return clustered(label, inputs, ([one, factor, addend, ...more]) => {
      const sum = more.reduce((total, other) => tf.add(total, other), one);
      const centred = tf.sub(sum, rowMean(sum));
      const inverse = tf.rsqrt(tf.add(rowMean(tf.square(centred)), epsilon as number));
      const normalised = tf.mul(centred, inverse);
      const y = castLike(tf.add(tf.mul(normalised, factor), addend), sum);
      return taped ? [y, castLike(normalised, sum), inverse] : [y];
    });
  },
  saves: { inputs: ['scale'], outputs: [false, true, true] },
  gradient: (dy, saved) => {
    const [scale, normalised, inverse] = saved as [Tensor, Tensor, Tensor];
    // Outside of the thunks, since input and residual share it.
    const [dx] = clustered(
      'layer norm gradient',
      [dy, scale, normalised, inverse],
      ([d, factor, unit, by]) => {
        const scaled = tf.mul(d, factor);
        const along = tf.mul(unit, rowMean(tf.mul(scaled, unit)));
        return [castLike(tf.mul(by, tf.sub(tf.sub(scaled, rowMean(scaled)), along)), unit)];
      },
    );
    return {
      x: () => tf.clone(dx),
      residual: () => tf.clone(dx),
      scale: () => sumRows(tf.mul(dy, normalised)),
      shift: () => sumRows(dy),
    };
  },
};

/**
 * Layer normalisation over the last axis (Ba et al. 2016, eq. 4), biased variance.
 * @param x [..., width]
 * @param scale [width]
 * @param shift [width]
 * @param residual added to x before; the shape of x
 * @returns the shape of x
 */
export const layerNorm = (
  x: Tensor,
  scale: Tensor,
  shift: Tensor,
  epsilon: number,
  residual?: Tensor,
): Tensor => runOp(layerNormOp, { x, scale, shift, ...(residual && { residual }) }, { epsilon });
