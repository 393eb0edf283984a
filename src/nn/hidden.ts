import type { Tensor } from '../engine/index.js';
import type { Scope } from './scope.js';
import type { Site } from './sites.js';

/** Lets the site hook change a hidden state [B, S, width]. */
export const hidden = ({ hooks }: Scope, site: Site, x: Tensor): Tensor =>
  hooks?.site?.({ site, input: x, output: x }) ?? x;

/** A named value of the pass, computed unless a hook knows it. */
export const named = ({ hooks }: Scope, name: string, compute: () => Tensor): Tensor =>
  hooks?.value?.(name, compute) ?? compute();

/** The backbone's own dropout, where a hook asks for it. */
export const dropped = ({ hooks, rates }: Scope, x: Tensor): Tensor =>
  hooks?.dropout?.(x, rates?.hidden ?? 0) ?? x;
