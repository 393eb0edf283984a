import { AttributeType } from '../attributes.js';
import { DataType } from '../dtypes.js';
import { nativeBackend } from '../nativeBackend.js';
import { type Tensor, tf } from '../tf.js';

const ATTRIBUTES = [
  { name: 'T', type: AttributeType.TF_ATTR_TYPE, value: DataType.FLOAT },
  { name: 'data_format', type: AttributeType.TF_ATTR_STRING, value: 'NHWC' },
];

/** rows [n, width] + bias [width], without a gradient; TensorFlow fuses its own BiasAdd into the product before it. */
export function addBias(rows: Tensor, bias: Tensor): Tensor {
  const native = nativeBackend();
  return native ? native.executeSingleOutput('BiasAdd', ATTRIBUTES, [rows, bias]) : tf.add(rows, bias);
}
