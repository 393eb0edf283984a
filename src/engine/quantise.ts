import { type HostTensor, sizeOf } from '../base/hostTensor.js';
import { castAttributes } from './attributes.js';
import { DataType } from './dtypes.js';
import { idOf, nativeBackend, requireNative } from './nativeBackend.js';
import { castLike } from './precision.js';
import { type Tensor, tf } from './tf.js';

/** Largest magnitude of an int8 weight: as many steps below zero as above. */
const STEPS = 127;

/** Integers and what each row of them is multiplied with. */
interface Int8Rows {
  readonly values: Int8Array;
  /** One a row. */
  readonly scales: Float32Array;
}

/**
 * Rows of weights as integers in [-127, 127] times one scale a row, max |w| / 127: symmetric, by output channel, rounded
 * to nearest (Jacob et al. 2018, arXiv 1712.05877, section 2.1, with a zero point of 0).
 * @param weight [rows, width]
 */
export function int8Rows({ shape, data }: HostTensor): Int8Rows {
  const [rows, width] = shape as [number, number];
  const values = new Int8Array(sizeOf(shape));
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    let largest = 0;
    for (let i = start; i < start + width; i++) largest = Math.max(largest, Math.abs(data[i] as number));
    const scale = largest / STEPS || 1;
    scales[row] = scale;
    for (let i = start; i < start + width; i++) values[i] = Math.round((data[i] as number) / scale);
  }
  return { values, scales };
}

// By the value that tfjs holds, since gradients see clones of a tensor.
const scalesOf = new WeakMap<object, Tensor>();

/**
 * The weight [out, in] of a frozen linear layer, stored in a quarter of the memory of f32; tfjs calls it float32, and
 * `linear` alone can read it. Its scales [out, 1] are disposed by the caller, after it.
 */
export function quantise(weight: HostTensor): { readonly weight: Tensor; readonly scales: Tensor } {
  const { binding, createOutputTensor } = bound();
  const { values, scales } = int8Rows(weight);
  const id = binding.createTensor(weight.shape, DataType.INT8, values);
  const tensor = createOutputTensor(binding.metadata(id, { dtype: DataType.INT8, shape: weight.shape }));
  const rows = tf.tensor2d(scales, [scales.length, 1]);
  scalesOf.set(tensor.dataId, rows);
  return { weight: tensor, scales: rows };
}

function bound() {
  const native = requireNative();
  return { binding: native.binding, createOutputTensor: native.createOutputTensor.bind(native) };
}

/** Whether weights can be stored in int8: wasm can't. */
export const canQuantise = (): boolean => nativeBackend() !== undefined;

/**
 * A weight as floats: itself, or of an int8 one a bf16 copy, made anew each time. In a compiled function the copy is
 * made when `after` is there, and for each `after` its own: else TensorFlow would make the floats of all layers at the
 * start, or keep those of the forward pass for the backward pass.
 */
export function dequantised(weight: Tensor, after: Tensor): Tensor {
  const native = nativeBackend();
  const scales = native && scalesOf.get(weight.dataId);
  if (!native || !scales) return weight;
  return native.binding.after(idOf(native, after), () => {
    const attributes = castAttributes(DataType.INT8, DataType.BFLOAT16);
    const whole = native.executeSingleOutput('Cast', attributes, [weight]);
    return tf.mul(whole, castLike(scales, whole));
  });
}
