import { type Tensor, tf } from '../tf.js';

type Inputs = Readonly<Record<string, Tensor>>;
type Attributes = Readonly<Record<string, number | string | boolean>>;

/** An op of the project's own: one kernel for every backend and a gradient that computes only what is asked for. */
export interface Op {
  readonly name: string;
  /** Computes the outputs; what it makes besides is freed. */
  forward(inputs: Inputs, attributes: Attributes): Tensor[];
  /** Inputs, then outputs, that the gradient reads. */
  readonly saves: { readonly inputs: readonly string[]; readonly outputs: readonly boolean[] };
  /** Gradient of each input, as a thunk: that of a frozen one is never called. */
  gradient(
    dy: Tensor,
    saved: readonly Tensor[],
    attributes: Attributes,
  ): Readonly<Record<string, () => Tensor>>;
}

/** Registers the kernel and the gradient, each where it is not there already. */
export function registerOp({ name, forward, saves, gradient }: Op, backendName: string): void {
  if (tf.getKernel(name, backendName)) return;
  tf.registerKernel({
    kernelName: name,
    backendName,
    kernelFunc: ({ inputs, attrs }) => tf.tidy(() => forward(inputs as never, (attrs ?? {}) as never)),
  });
  if (tf.getGradient(name)) return;
  tf.registerGradient({
    kernelName: name,
    inputsToSave: [...saves.inputs],
    outputsToSave: [...saves.outputs],
    gradFunc: (dy, saved, attrs) =>
      gradient(Array.isArray(dy) ? (dy[0] as Tensor) : dy, saved as Tensor[], (attrs ?? {}) as never),
  });
}

/** Runs an op; its gradient is recorded when a tape is open. */
export const runOp = ({ name }: Op, inputs: Inputs, attributes: Attributes = {}): Tensor =>
  (tf.engine().runKernel(name, inputs as never, attributes as never) as unknown as Tensor[])[0] as Tensor;
