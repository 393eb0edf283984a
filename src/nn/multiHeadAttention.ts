import { attention, type Tensor } from '../engine/index.js';
import { linear } from './linear.js';
import type { Scope } from './scope.js';
import type { LayerPlace, LinearSite, ModuleCall } from './sites.js';

/** The linear layers of one attention. */
export interface AttentionSites {
  readonly query: LinearSite;
  readonly key: LinearSite;
  readonly value: LinearSite;
  readonly attentionOutput: LinearSite;
}

/** One attention: where its parameters are, and what hooks know it by. */
export interface AttentionPart {
  /** Absent: adapters can't reach its keys and values, and its probabilities are not shown. */
  readonly place?: LayerPlace;
  readonly sites: AttentionSites;
  readonly heads: number;
}

/** What queries look into. */
export interface Memory {
  /** [B, T, w]. */
  readonly states: Tensor;
  /** Added to the scores, broadcasts to [B, heads, S, T]; absent: every position may see every state. */
  readonly mask?: Tensor;
}

/** What is done with the probabilities of one attention: they are shown to whoever asks, then dropped. */
function onProbabilities({ hooks, rates }: Scope, place: LayerPlace | undefined) {
  const { dropout, attentionProbabilities: show } = hooks ?? {};
  if (!dropout && !(place && show)) return undefined;
  return (probabilities: Tensor): Tensor => {
    if (place) show?.(place, probabilities);
    return dropout ? dropout(probabilities, rates?.attention ?? 0) : probabilities;
  };
}

/**
 * Multi-head attention with its output projection, before residual and LayerNorm (Vaswani et al. 2017, section 3.2):
 * queries of x, keys and values of the memory.
 * @param x [B, S, width]
 * @param module shown to adapters of its output
 * @returns [B, S, width]
 */
export function attend(
  scope: Scope,
  { place, sites, heads }: AttentionPart,
  x: Tensor,
  { states, mask }: Memory,
  module?: ModuleCall,
): Tensor {
  const query = linear(scope, sites.query, x);
  const own = {
    key: linear(scope, sites.key, states),
    value: linear(scope, sites.value, states),
    ...(mask && { mask }),
  };
  const met = (place && scope.hooks?.attention?.({ place, ...own })) ?? own;
  const watch = onProbabilities(scope, place);
  const mixed = attention(query, met.key, met.value, {
    heads,
    ...(met.mask && { mask: met.mask }),
    ...(watch && { onProbabilities: watch }),
  });
  return linear(scope, sites.attentionOutput, mixed, module);
}

/** Attention of x [B, S, width] to itself; the mask is added to the scores. */
export const selfAttention = (
  scope: Scope,
  part: AttentionPart,
  x: Tensor,
  mask?: Tensor,
  module?: ModuleCall,
): Tensor => attend(scope, part, x, { states: x, ...(mask && { mask }) }, module);
