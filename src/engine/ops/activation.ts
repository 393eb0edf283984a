import { type Tensor, tf } from '../tf.js';
import { gelu } from './gelu.js';

/** Names as in `hidden_act` of Hugging Face configs. */
export type ActivationName =
  | 'gelu'
  | 'gelu_new'
  | 'gelu_pytorch_tanh'
  | 'quick_gelu'
  | 'relu'
  | 'silu'
  | 'swish'
  | 'tanh'
  | 'identity';

const geluTanh = (x: Tensor): Tensor => {
  const inner = tf.mul(tf.add(x, tf.mul(tf.mul(x, tf.square(x)), 0.044715)), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
};
const silu = (x: Tensor): Tensor => tf.mul(x, tf.sigmoid(x));

const ACTIVATIONS: Readonly<Record<ActivationName, (x: Tensor) => Tensor>> = {
  gelu,
  gelu_new: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  quick_gelu: (x) => tf.mul(x, tf.sigmoid(tf.mul(x, 1.702))),
  relu: (x) => tf.relu(x),
  silu,
  swish: silu,
  tanh: (x) => tf.tanh(x),
  identity: (x) => x,
};

/** The element-wise function of that name; throws RangeError on an unknown one. */
export function activation(name: ActivationName): (x: Tensor) => Tensor {
  const found = ACTIVATIONS[name];
  if (!found) throw new RangeError(`activation '${name}': one of ${Object.keys(ACTIVATIONS).join(', ')}`);
  return found;
}
