import type { HostTensor } from '../data/hostTensor.js';
import { type Tensor, tf } from './tf.js';

/** A device tensor with the values of `host`; the caller disposes it. */
export const fromHost = (host: HostTensor): Tensor => tf.tensor(host.data, [...host.shape], host.dtype);

/** The values of a device tensor. */
export async function readTensor(tensor: Tensor): Promise<HostTensor> {
  const data = await tensor.data();
  return tensor.dtype === 'float32'
    ? { dtype: 'float32', shape: tensor.shape, data: data as Float32Array }
    : { dtype: 'int32', shape: tensor.shape, data: Int32Array.from(data as Int32Array) };
}
