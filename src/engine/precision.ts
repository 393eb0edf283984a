import { AttributeType, castAttributes } from './attributes.js';
import { DataType } from './dtypes.js';
import { idOf, type NativeBackend, nativeBackend, requireNative } from './nativeBackend.js';
import { type Tensor, tf } from './tf.js';

/**
 * Of the frozen part; adapters, optimizer and loss are f32. bf16: stored and multiplied in bf16. int8: the weights of
 * linear layers are stored in int8, everything else is as with bf16.
 */
export type Precision = 'f32' | 'bf16' | 'int8';

/** Whether a value is stored in bf16. */
export function isBf16(tensor: Tensor): boolean {
  const native = nativeBackend();
  return native !== undefined && native.binding.dtypeOf(idOf(native, tensor)) === DataType.BFLOAT16;
}

/** x as f32. */
export const widened = (x: Tensor): Tensor => (isBf16(x) ? castLike(x, tf.scalar(1)) : x);

function castTo(native: NativeBackend, tensor: Tensor, dtype: number): Tensor {
  const attributes = castAttributes(native.binding.dtypeOf(idOf(native, tensor)), dtype);
  return native.executeSingleOutput('Cast', attributes, [tensor]);
}

/**
 * A copy stored at that precision: bf16 halves its memory and makes every matrix product that reads it run in bf16.
 * tfjs goes on calling it float32. A backend without bf16 (wasm) keeps f32.
 */
export function toPrecision(tensor: Tensor, precision: Precision): Tensor {
  const native = nativeBackend();
  // Int8 is for the weights of linear layers, which `quantise` makes.
  if (!native || precision === 'f32' || tensor.dtype !== 'float32') return tf.clone(tensor);
  return castTo(native, tensor, DataType.BFLOAT16);
}

const CAST_LIKE = 'VlgraftCastLike';

function registerCastLike(): void {
  if (tf.getKernel(CAST_LIKE, 'tensorflow')) return;
  tf.registerKernel({
    kernelName: CAST_LIKE,
    backendName: 'tensorflow',
    kernelFunc: ({ inputs: { x }, attrs }) =>
      castTo(requireNative(), x as Tensor, (attrs as unknown as { dtype: number }).dtype),
  });
  tf.registerGradient({ kernelName: CAST_LIKE, gradFunc: (dy) => ({ x: () => tf.clone(dy as Tensor) }) });
}

/** a + b where both are bf16, rounded once; undefined where not. tfjs's own addition gives f32, as residuals want it. */
export function narrowSum(a: Tensor, b: Tensor): Tensor | undefined {
  const native = isBf16(a) && isBf16(b) ? nativeBackend() : undefined;
  const type = [{ name: 'T', type: AttributeType.TF_ATTR_TYPE, value: DataType.FLOAT }];
  return native?.executeSingleOutput('AddV2', type, [a, b]);
}

/** x in the precision that `like` is stored in; x itself when it is so already. Differentiable. */
export function castLike(x: Tensor, like: Tensor): Tensor {
  const native = nativeBackend();
  if (!native || isBf16(x) === isBf16(like)) return x;
  registerCastLike();
  const dtype = native.binding.dtypeOf(idOf(native, like));
  return tf.engine().runKernel(CAST_LIKE, { x } as never, { dtype }) as Tensor;
}
