import type { HostTensor } from '../data/hostTensor.js';
import { idOf, nativeBackend } from './native/backend.js';
import { type Tensor, tf } from './tf.js';

/**
 * A device tensor with the values of `host`; the caller disposes it. They are copied at once: tfjs alone would hold the
 * array until an op reads it, so that all weights would be in memory twice.
 */
export function fromHost(host: HostTensor): Tensor {
  const tensor = tf.tensor(host.data, [...host.shape], host.dtype);
  const native = nativeBackend();
  if (native) idOf(native, tensor);
  return tensor;
}

/** The values of a device tensor. */
export async function readTensor(tensor: Tensor): Promise<HostTensor> {
  const data = await tensor.data();
  return tensor.dtype === 'float32'
    ? { dtype: 'float32', shape: tensor.shape, data: data as Float32Array }
    : { dtype: 'int32', shape: tensor.shape, data: Int32Array.from(data as Int32Array) };
}
