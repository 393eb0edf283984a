import { layerNorm as normalise, type Tensor } from '../engine/index.js';
import type { Scope } from './scope.js';

/**
 * Layer normalisation over the last axis with `name.weight` and `name.bias` [width].
 * @param x [..., width]
 */
export const layerNorm = ({ parameters }: Scope, name: string, x: Tensor, epsilon: number): Tensor =>
  normalise(x, parameters(`${name}.weight`), parameters(`${name}.bias`), epsilon);
