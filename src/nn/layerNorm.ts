import { layerNorm as normalise, type Tensor } from '../engine/index.js';
import type { Scope } from './scope.js';

/**
 * Layer normalisation over the last axis with `name.weight` and `name.bias` [width].
 * @param x [..., width]
 * @param residual added to x before; the shape of x
 */
export const layerNorm = (
  { parameters }: Scope,
  name: string,
  x: Tensor,
  epsilon: number,
  residual?: Tensor,
): Tensor => normalise(x, parameters(`${name}.weight`), parameters(`${name}.bias`), epsilon, residual);
