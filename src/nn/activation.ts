import type { ActivationName } from '../engine/index.js';

const ACTIVATIONS = {
  gelu: 'gelu',
  gelu_python: 'gelu',
  gelu_10: 'gelu_10',
  gelu_accurate: 'gelu_new',
  gelu_fast: 'gelu_pytorch_tanh',
  gelu_new: 'gelu_new',
  gelu_python_tanh: 'gelu_pytorch_tanh',
  gelu_pytorch_tanh: 'gelu_pytorch_tanh',
  laplace: 'laplace',
  leaky_relu: 'leaky_relu',
  linear: 'identity',
  mish: 'mish',
  quick_gelu: 'quick_gelu',
  relu: 'relu',
  relu2: 'relu2',
  relu6: 'relu6',
  sigmoid: 'sigmoid',
  silu: 'silu',
  swish: 'swish',
  tanh: 'tanh',
} as const satisfies Record<string, ActivationName>;

/** A value of `hidden_act` in a Hugging Face config. */
export type HiddenActivation = keyof typeof ACTIVATIONS;

/** Every `hidden_act` that is known. */
export const hiddenActivations = Object.keys(ACTIVATIONS) as HiddenActivation[];

/** The engine's name of it; several Hugging Face names mean the same function. */
export const activationOf = (name: HiddenActivation): ActivationName => ACTIVATIONS[name];
