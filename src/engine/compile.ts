import { DataType } from './dtypes.js';
import { graphs } from './graphs.js';
import type { GraphMemory } from './native/graphMemory.js';
import type { ArgumentShape, TensorTree, Traced } from './native/traced.js';
import { idOf, type NativeBackend, nativeBackend } from './nativeBackend.js';
import { isProfiling, timeCall } from './profiler.js';
import { type Tensor, tf } from './tf.js';

export type { TensorTree } from './native/traced.js';

export interface CompileOptions {
  /** Shown in errors and profiles. */
  readonly name?: string;
}

export type { GraphMemory } from './native/graphMemory.js';

/** What an input is, without its values. */
export interface InputShape {
  readonly dtype: 'float32' | 'int32' | 'bfloat16';
  readonly shape: readonly number[];
}

const DTYPES = { float32: DataType.FLOAT, int32: DataType.INT32, bfloat16: DataType.BFLOAT16 } as const;

export interface Compiled<Input extends TensorTree, Output extends TensorTree> {
  /** Runs off the event loop; outputs stay on the device and belong to the caller; variables are updated when it resolves. */
  run(inputs: Input): Promise<Output>;
  /** Bytes that a call with such inputs takes at least, and may take, weights included; undefined without graphs. Nothing is computed. */
  memory(inputs: Readonly<Record<keyof Input & string, InputShape>>): GraphMemory | undefined;
  /** Number of shape signatures traced so far (0 on a backend without graphs). */
  readonly traces: number;
  /** Frees the traced functions. */
  dispose(): void;
}

// Every signature holds a graph; beyond this many the one unused for longest is freed and traced anew when it returns.
const MOST_SIGNATURES = 64;

// One at a time: the next call must read the variables that this one writes.
let queue: Promise<unknown> = Promise.resolve();

const shapesOf = (native: NativeBackend, inputs: TensorTree): Record<string, ArgumentShape> =>
  Object.fromEntries(
    Object.entries(inputs).map(([key, tensor]) => [key, native.binding.real(idOf(native, tensor))]),
  );

const signatureOf = (native: NativeBackend, inputs: TensorTree): string =>
  Object.keys(inputs)
    .sort()
    .map((key) => {
      const tensor = inputs[key] as Tensor;
      return `${key}:${native.binding.real(idOf(native, tensor)).dtype}[${tensor.shape}]`;
    })
    .join(';');

/**
 * Traces a function of tensors once per signature of input shapes and dtypes into one TensorFlow function; on other
 * backends (wasm, those of a browser) it runs as it is, op by op. Tensors made outside are captured by reference, variables may be assigned inside.
 * Errors name the op when a value is read while tracing, or when an effect would be lost.
 */
export function compile<Input extends TensorTree, Output extends TensorTree>(
  fn: (inputs: Input) => Output,
  { name: label = 'compiled' }: CompileOptions = {},
): Compiled<Input, Output> {
  const cache = new Map<string, Traced>();
  const runNative = async (native: NativeBackend, inputs: Input): Promise<Output> => {
    const signature = signatureOf(native, inputs);
    const traced =
      cache.get(signature) ?? graphs().traceOnce(native, fn, shapesOf(native, inputs), label, isProfiling());
    cache.delete(signature);
    cache.set(signature, traced);
    const [oldest] = cache;
    if (oldest && cache.size > MOST_SIGNATURES) {
      cache.delete(oldest[0]);
      graphs().free(native, oldest[1]);
    }
    timeCall(native, label, traced, inputs);
    return (await graphs().runTraced(native, traced, inputs)) as Output;
  };
  return {
    memory: (inputs) => {
      const native = nativeBackend();
      if (!native) return undefined;
      const shapes = Object.entries<InputShape>(inputs).map(([key, { dtype, shape }]) => [
        key,
        { dtype: DTYPES[dtype], shape },
      ]);
      const traced = graphs().traceOnce(native, fn, Object.fromEntries(shapes), label);
      const found = traced.memory();
      graphs().free(native, traced);
      return found;
    },
    get traces() {
      return cache.size;
    },
    run: (inputs) => {
      const native = nativeBackend();
      if (native?.binding.isRecording()) {
        throw new Error(`${label}: a compiled function cannot be called inside another one`);
      }
      if (!native) return Promise.resolve(tf.tidy(() => fn(inputs) as never) as unknown as Output);
      const result = queue.then(() => runNative(native, inputs));
      queue = result.catch(() => {});
      return result;
    },
    dispose: () => {
      const native = nativeBackend();
      for (const traced of cache.values()) if (native) graphs().free(native, traced);
      cache.clear();
    },
  };
}
