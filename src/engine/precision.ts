import { AttributeType } from './native/attributes.js';
import { idOf, nativeBackend } from './native/backend.js';
import type { TensorMetadata } from './native/binding.js';
import { DataType } from './native/dtypes.js';
import { type Tensor, tf } from './tf.js';

/** f32 everywhere, or bf16 storage and matrix products for the frozen part (adapters, optimizer and loss stay f32). */
export type Precision = 'f32' | 'bf16';

/**
 * A copy stored at that precision: bf16 halves its memory and makes every matrix product that reads it run in bf16.
 * tfjs goes on calling it float32. A backend without bf16 (wasm) keeps f32.
 */
export function toPrecision(tensor: Tensor, precision: Precision): Tensor {
  const native = nativeBackend();
  if (!native || precision === 'f32' || tensor.dtype !== 'float32') return tf.clone(tensor);
  const { binding } = native;
  const attributes = [
    { name: 'SrcT', type: AttributeType.TF_ATTR_TYPE, value: DataType.FLOAT },
    { name: 'DstT', type: AttributeType.TF_ATTR_TYPE, value: DataType.BFLOAT16 },
  ];
  const [result] = binding.executeOp('Cast', attributes, [idOf(native, tensor)], 1);
  return native.createOutputTensor(result as TensorMetadata);
}
