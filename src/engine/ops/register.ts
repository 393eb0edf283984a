import { attentionOp } from './attention.js';
import { type Op, registerOp } from './define.js';
import { embeddingOp } from './embedding.js';
import { geluOp } from './gelu.js';
import { layerNormOp } from './layerNorm.js';
import { linearOp } from './linear.js';

const OPS: readonly Op[] = [attentionOp, embeddingOp, geluOp, layerNormOp, linearOp];

/** Registers the project's own kernels and gradients for a backend; called once when the engine starts. */
export function registerOps(backend: 'tensorflow' | 'wasm'): void {
  for (const op of OPS) registerOp(op, backend);
}
