import { AttributeType } from '../native/attributes.js';
import { idOf, nativeBackend } from '../native/backend.js';
import { DataType } from '../native/dtypes.js';
import { castLike } from '../precision.js';
import { type Tensor, tf } from '../tf.js';
import { type Op, runOp } from './define.js';

const rowMean = (x: Tensor): Tensor => tf.mean(x, -1, true);
const sumRows = (x: Tensor): Tensor => tf.sum(tf.reshape(x, [-1, x.shape[x.rank - 1] as number]), 0);

const FUSED = '_MklLayerNorm';

/**
 * One pass over x, where this TensorFlow has one: only in a compiled function, whose optimiser drops the statistics
 * below when no gradient reads them.
 */
function fused(x: Tensor, scale: Tensor, shift: Tensor, epsilon: number): Tensor | undefined {
  const native = nativeBackend();
  const { session } = native?.binding ?? {};
  // In f32 its sums differ from those op by op in digits that gradients show; bf16 rounds them off.
  if (!native || native.binding.dtypeOf(idOf(native, x)) !== DataType.BFLOAT16) return undefined;
  if (!native.binding.isRecording() || session?.device !== 'cpu' || !session.hasKernel(FUSED))
    return undefined;
  const attributes = [
    { name: 'T', type: AttributeType.TF_ATTR_TYPE, value: DataType.FLOAT },
    { name: 'epsilon', type: AttributeType.TF_ATTR_FLOAT, value: epsilon },
  ];
  return native.executeSingleOutput(FUSED, attributes, [x, scale, shift]);
}

/** Keeps the normalised input and the inverse deviation; statistics are f32 whatever the input is stored in. */
export const layerNormOp: Op = {
  name: 'VlgraftLayerNorm',
  forward: ({ x, scale, shift }, { epsilon }) => {
    const centred = tf.sub(x as Tensor, rowMean(x as Tensor));
    const inverse = tf.rsqrt(tf.add(rowMean(tf.square(centred)), epsilon as number));
    const normalised = tf.mul(centred, inverse);
    const y =
      fused(x as Tensor, scale as Tensor, shift as Tensor, epsilon as number) ??
      tf.add(tf.mul(normalised, scale as Tensor), shift as Tensor);
    return [castLike(y, x as Tensor), castLike(normalised, x as Tensor), inverse];
  },
  saves: { inputs: ['scale'], outputs: [false, true, true] },
  gradient: (dy, [scale, normalised, inverse]) => ({
    x: () => {
      const d = tf.mul(dy, scale as Tensor);
      const along = tf.mul(normalised as Tensor, rowMean(tf.mul(d, normalised as Tensor)));
      const dx = tf.mul(inverse as Tensor, tf.sub(tf.sub(d, rowMean(d)), along));
      return castLike(dx, normalised as Tensor);
    },
    scale: () => sumRows(tf.mul(dy, normalised as Tensor)),
    shift: () => sumRows(dy),
  }),
};

/**
 * Layer normalisation over the last axis (Ba et al. 2016, eq. 4), biased variance.
 * @param x [..., width]
 * @param scale [width]
 * @param shift [width]
 * @returns the shape of x
 */
export const layerNorm = (x: Tensor, scale: Tensor, shift: Tensor, epsilon: number): Tensor =>
  runOp(layerNormOp, { x, scale, shift }, { epsilon });
