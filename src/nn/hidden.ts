import type { Tensor } from '../engine/index.js';
import type { Scope } from './scope.js';
import type { Site, Tap } from './sites.js';

/** Lets the site hook change a hidden state [B, S, width]. */
export const hidden = ({ hooks }: Scope, site: Site, x: Tensor): Tensor =>
  hooks?.site?.({ site, input: x, output: x }) ?? x;

/** Shows a hidden state [B, S, width] to the tap hook and gives it back. */
export function tapped({ hooks }: Scope, tap: Tap, x: Tensor): Tensor {
  hooks?.tap?.(tap, x);
  return x;
}

/** The backbone's own dropout, where a hook asks for it. */
export const dropped = ({ hooks }: Scope, x: Tensor): Tensor => hooks?.dropout?.(x) ?? x;
