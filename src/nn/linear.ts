import { linear as affine, type Tensor } from '../engine/index.js';
import type { Scope } from './scope.js';
import type { LinearSite } from './sites.js';

/**
 * A linear layer that adapters can reach: computes it, then lets the site hook change its output.
 * @param x [..., site.inputWidth]
 * @returns [..., site.outputWidth]
 */
export function linear({ parameters, hooks }: Scope, site: LinearSite, x: Tensor): Tensor {
  const output = affine(x, parameters(site.weight), site.bias ? parameters(site.bias) : undefined);
  return hooks?.site?.({ site, input: x, output }) ?? output;
}

/**
 * A linear layer without a site, from `name.weight` [out, in] and `name.bias` [out].
 * @param x [..., in]
 * @returns [..., out]
 */
export const dense = ({ parameters }: Scope, name: string, x: Tensor): Tensor =>
  affine(x, parameters(`${name}.weight`), parameters(`${name}.bias`));
