import type { Binding, TensorMetadata } from './native/binding.js';
import { type Tensor, tf } from './tf.js';

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

/** From now on this is the native backend; the native part says so when it is started. */
export function useNative(started: NativeBackend): void {
  backend = started;
}

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

/** The id of a tensor's value, uploaded if it still was in JavaScript memory. */
export const idOf = (native: NativeBackend, tensor: Tensor): number =>
  native.getInputTensorIds([tensor])[0] as number;
