import { type Tensor, tf } from '../tf.js';
import { gelu } from './gelu.js';

/** Names as in `hidden_act` of Hugging Face configs. */
export type ActivationName =
  | 'gelu'
  | 'gelu_10'
  | 'gelu_new'
  | 'gelu_pytorch_tanh'
  | 'laplace'
  | 'leaky_relu'
  | 'mish'
  | 'quick_gelu'
  | 'relu'
  | 'relu2'
  | 'relu6'
  | 'sigmoid'
  | 'silu'
  | 'swish'
  | 'tanh'
  | 'identity';

const geluTanh = (x: Tensor): Tensor => {
  const inner = tf.mul(tf.add(x, tf.mul(tf.mul(x, tf.square(x)), 0.044715)), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
};
const silu = (x: Tensor): Tensor => tf.mul(x, tf.sigmoid(x));

/** Largest exponent that is taken; from here on ln(1 + exp x) is x in f32. */
const LARGEST = 30;

/** x tanh(ln(1 + exp x)) (Misra 2019, eq. 1). */
const mish = (x: Tensor): Tensor => {
  const softplus = tf.maximum(tf.log(tf.add(tf.exp(tf.minimum(x, LARGEST)), 1)), x);
  return tf.mul(x, tf.tanh(softplus));
};

/** The normal distribution's function with the mean and the deviation of MEGA (Ma et al. 2022, appendix B). */
const [MEAN, DEVIATION] = [Math.SQRT1_2, 0.282095];
const laplace = (x: Tensor): Tensor =>
  tf.mul(tf.add(tf.erf(tf.div(tf.sub(x, MEAN), DEVIATION * Math.SQRT2)), 1), 0.5);

const ACTIVATIONS: Readonly<Record<ActivationName, (x: Tensor) => Tensor>> = {
  gelu,
  gelu_10: (x) => tf.clipByValue(gelu(x), -10, 10),
  gelu_new: geluTanh,
  gelu_pytorch_tanh: geluTanh,
  laplace,
  leaky_relu: (x) => tf.maximum(tf.mul(x, 0.01), x), // in this order the slope at 0 is PyTorch's
  mish,
  quick_gelu: (x) => tf.mul(x, tf.sigmoid(tf.mul(x, 1.702))),
  relu: (x) => tf.relu(x),
  relu2: (x) => tf.square(tf.relu(x)),
  relu6: (x) => tf.minimum(6, tf.relu(x)),
  sigmoid: (x) => tf.sigmoid(x),
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
