import type { InputBatch } from '../data/hostTensor.js';

/** Names and shapes of a batch's tensors: what a compiled function is traced anew for. */
export const signatureOf = (batch: InputBatch): string =>
  Object.entries(batch)
    .map(([name, { shape }]) => `${name}[${shape}]`)
    .sort()
    .join();
