import { createRequire } from 'node:module';
import { join } from 'node:path';
import util from 'node:util';
import { loadTensorFlow, type Tensor, tf } from '../tf.js';
import { type Binding, createBinding, type TensorMetadata } from './binding.js';
import { loadLibrary } from './library.js';
import { openSession } from './session.js';

/** A tensor's data as the backend of tfjs-node-gpu keeps it. */
interface TensorData {
  id: number;
  values: unknown;
}

/** What of tfjs-node-gpu's backend class the engine uses. */
export interface NativeBackend {
  readonly binding: Binding;
  readonly tensorMap: { get(dataId: object): TensorData; has(dataId: object): boolean };
  incRef(dataId: object): void;
  getInputTensorIds(tensors: readonly Tensor[]): number[];
  createOutputTensor(metadata: TensorMetadata): Tensor;
  executeSingleOutput(name: string, attributes: readonly unknown[], inputs: readonly Tensor[]): Tensor;
}

let backend: NativeBackend | undefined;

/** The native backend when it is the one in use. */
export const nativeBackend = (): NativeBackend | undefined =>
  tf.getBackend() === 'tensorflow' ? backend : undefined;

/** The native backend where it records a function for a CPU whose TensorFlow has a kernel of that op. */
export function recordingWith(op: string): NativeBackend | undefined {
  const native = nativeBackend();
  if (!native?.binding.isRecording()) return undefined;
  const { device, hasKernel } = native.binding.session;
  return device === 'cpu' && hasKernel(op) ? native : undefined;
}

/** The native backend; throws when it is not in use. */
export function requireNative(): NativeBackend {
  const found = nativeBackend();
  if (!found) throw new Error('the tensorflow backend is not in use');
  return found;
}

/**
 * Registers the backend `tensorflow`: the kernels of tfjs-node-gpu over libtensorflow.
 * @param kernels folder of the package @tensorflow/tfjs-node-gpu
 * @throws Error when the library or the kernels cannot be loaded
 */
export function registerNativeBackend(library: string, kernels: string, threads: number): NativeBackend {
  if (backend) return backend;
  const binding = createBinding(openSession(loadLibrary(library), threads));
  // Its kernels call a function that Node 23 removed.
  const legacy = util as unknown as {
    isNullOrUndefined?: (value: unknown) => boolean;
    isArray?: (value: unknown) => boolean;
  };
  legacy.isNullOrUndefined ??= (value) => value === null || value === undefined;
  legacy.isArray ??= Array.isArray;
  Object.assign(globalThis, { [Symbol.for('vlgraft.tfjs')]: loadTensorFlow() });
  const require = createRequire(import.meta.url);
  const { NodeJSKernelBackend } = require(join(kernels, 'dist/nodejs_kernel_backend.js'));
  require(join(kernels, 'dist/register_all_kernels.js'));
  backend = new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node-gpu') as NativeBackend;
  tf.registerBackend('tensorflow', () => backend as never, 3);
  return backend;
}

/** The id of a tensor's value, uploaded if it still was in JavaScript memory. */
export const idOf = (native: NativeBackend, tensor: Tensor): number =>
  native.getInputTensorIds([tensor])[0] as number;
