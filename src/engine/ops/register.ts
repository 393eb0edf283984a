import { addToOp } from './addTo.js';
import { attentionOp } from './attention.js';
import { type Op, registerOp } from './define.js';
import { embeddingOp } from './embedding.js';
import { geluOp } from './gelu.js';
import { registerGradientSums } from './gradientSums.js';
import { layerNormOp } from './layerNorm.js';
import { linearOp } from './linear.js';

const OPS: readonly Op[] = [addToOp, attentionOp, embeddingOp, geluOp, layerNormOp, linearOp];

/** Registers the project's own kernels and gradients for a backend; those that are there already stay. */
export function registerOps(backend: string): void {
  for (const op of OPS) registerOp(op, backend);
  if (backend === 'tensorflow') registerGradientSums();
}
