import { AttributeType } from '../attributes.js';
import { DataType } from '../dtypes.js';
import { nativeBackend } from '../nativeBackend.js';
import { type Tensor, tf } from '../tf.js';

/**
 * a b of two matrices, without a gradient. TensorFlow fuses its own MatMul with what follows, tfjs's batched product not.
 * @param a [n, k], or [k, n] where it is transposed
 * @param b [k, m], or [m, k] where it is transposed
 * @returns [n, m]
 */
export function matMul(a: Tensor, b: Tensor, transposeA = false, transposeB = false): Tensor {
  const native = nativeBackend();
  if (!native) return tf.matMul(a as never, b as never, transposeA, transposeB);
  const attributes = [
    { name: 'T', type: AttributeType.TF_ATTR_TYPE, value: DataType.FLOAT },
    { name: 'transpose_a', type: AttributeType.TF_ATTR_BOOL, value: transposeA },
    { name: 'transpose_b', type: AttributeType.TF_ATTR_BOOL, value: transposeB },
  ];
  return native.executeSingleOutput('MatMul', attributes, [a, b]);
}
