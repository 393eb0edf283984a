import type { HostTensor, PackedTensor } from '../base/hostTensor.js';
import { castAttributes } from './attributes.js';
import { DataType } from './dtypes.js';
import { idOf, nativeBackend, requireNative } from './nativeBackend.js';
import { type Tensor, tf } from './tf.js';

/** float32 values of bfloat16 bit patterns, for a backend that has no bfloat16. */
function widened(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < bits.length; i++) bits[i] = (halves[i] as number) << 16;
  return new Float32Array(bits.buffer);
}

const bytesOf = (data: Uint16Array) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Goes to the device as it is, and is widened there. */
function fromPacked({ shape, data, wide }: PackedTensor): Tensor {
  const native = nativeBackend();
  if (!native) return tf.tensor(widened(data), [...shape], 'float32');
  const { binding } = native;
  const uploaded = binding.session.upload(shape, DataType.BFLOAT16, bytesOf(data));
  const narrow = native.createOutputTensor(binding.metadata(binding.keep(uploaded), uploaded));
  if (!wide) return narrow;
  const cast = castAttributes(DataType.BFLOAT16, DataType.FLOAT);
  const result = native.executeSingleOutput('Cast', cast, [narrow]);
  narrow.dispose();
  return result;
}

/**
 * A device tensor with the values of `host`; the caller disposes it. They are copied at once: tfjs alone would hold the
 * array until an op reads it, so that all weights would be in memory twice.
 */
export function fromHost(host: HostTensor | PackedTensor): Tensor {
  if (host.dtype === 'bfloat16') return fromPacked(host);
  const tensor = tf.tensor(host.data, [...host.shape], host.dtype);
  const native = nativeBackend();
  if (native) idOf(native, tensor);
  return tensor;
}

/** Whether the device holds a tensor in bfloat16, which tfjs calls float32; so also while compiling. */
export function isPacked(tensor: Tensor): boolean {
  const native = nativeBackend();
  return native?.binding.dtypeOf(idOf(native, tensor)) === DataType.BFLOAT16;
}

/** The bit patterns of a tensor that the device holds in bfloat16. */
export function readPacked(tensor: Tensor): Uint16Array {
  const native = requireNative();
  const { session, real } = native.binding;
  const bytes = session.download(real(idOf(native, tensor))) as Uint8Array;
  return new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
}

/** The values of a device tensor. */
export async function readTensor(tensor: Tensor): Promise<HostTensor> {
  const data = await tensor.data();
  return tensor.dtype === 'float32'
    ? { dtype: 'float32', shape: tensor.shape, data: data as Float32Array }
    : { dtype: 'int32', shape: tensor.shape, data: Int32Array.from(data as Int32Array) };
}
