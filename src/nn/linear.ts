import { linear as affine, type Tensor } from '../engine/index.js';
import type { Scope } from './scope.js';
import type { LinearSite, ModuleCall } from './sites.js';

/**
 * A linear layer that adapters can reach: hooks may change what it reads and what it gives.
 * @param x [..., site.inputWidth]
 * @param module what it is the last layer of
 * @returns [..., site.outputWidth]
 */
export function linear(
  { parameters, hooks }: Scope,
  site: LinearSite,
  x: Tensor,
  module?: ModuleCall,
): Tensor {
  const input = hooks?.input?.({ site, input: x }) ?? x;
  const output = affine(input, parameters(site.weight), site.bias ? parameters(site.bias) : undefined);
  return hooks?.site?.({ site, input, output, ...(module && { module }) }) ?? output;
}

/**
 * A linear layer without a site, from `name.weight` [out, in] and `name.bias` [out].
 * @param x [..., in]
 * @returns [..., out]
 */
export const dense = ({ parameters }: Scope, name: string, x: Tensor): Tensor =>
  affine(x, parameters(`${name}.weight`), parameters(`${name}.bias`));
