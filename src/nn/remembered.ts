import type { Tensor } from '../engine/index.js';

/** The same value at every call, made at the first; made again where a scope of tfjs that has ended freed it. */
export function remembered(make: () => Tensor): () => Tensor {
  let value: Tensor | undefined;
  return () => {
    if (!value || value.isDisposed) value = make();
    return value;
  };
}
