import { activation, attention, type Tensor } from '../engine/index.js';
import { dropped } from './hidden.js';
import { layerNorm } from './layerNorm.js';
import { linear } from './linear.js';
import type { Scope } from './scope.js';
import type { LayerDesign, LayerPlace, LinearSite, ModuleCall } from './sites.js';

/** The linear layers of one transformer layer. */
export interface BlockSites {
  readonly query: LinearSite;
  readonly key: LinearSite;
  readonly value: LinearSite;
  readonly attentionOutput: LinearSite;
  readonly intermediate: LinearSite;
  readonly output: LinearSite;
}

/** One transformer layer: where its parameters are and how it computes. */
export interface TransformerBlock extends Omit<LayerDesign, 'normalises' | 'causal'> {
  /** Absent: adapters can't reach its attention. */
  readonly place?: LayerPlace;
  readonly sites: BlockSites;
  readonly heads: number;
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
 * Multi-head self-attention with its output projection, before residual and LayerNorm.
 * @param x [B, S, width]
 * @param mask added to the scores, broadcasts to [B, heads, S, S]
 * @param module shown to adapters of its output
 * @returns [B, S, width]
 */
export function selfAttention(
  scope: Scope,
  { place, sites, heads }: Pick<TransformerBlock, 'place' | 'sites' | 'heads'>,
  x: Tensor,
  mask?: Tensor,
  module?: ModuleCall,
): Tensor {
  const query = linear(scope, sites.query, x);
  const own = {
    key: linear(scope, sites.key, x),
    value: linear(scope, sites.value, x),
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

/**
 * One layer of BERT (Devlin et al. 2019): attention and feed-forward part, LayerNorm after each residual.
 * @param x [B, S, width]
 * @param mask added to the scores, broadcasts to [B, heads, S, S]
 * @returns [B, S, width]
 */
export function transformerBlock(scope: Scope, block: TransformerBlock, x: Tensor, mask?: Tensor): Tensor {
  const { sites, epsilon } = block;
  const attentionNorm = (y: Tensor, residual?: Tensor) =>
    layerNorm(scope, block.attentionNorm, y, epsilon, residual);
  const outputNorm = (y: Tensor, residual?: Tensor) =>
    layerNorm(scope, block.outputNorm, y, epsilon, residual);
  const attention = { input: x, residual: x, norm: attentionNorm };
  const middle = attentionNorm(dropped(scope, selfAttention(scope, block, x, mask, attention)), x);
  const wide = activation(block.activation)(linear(scope, sites.intermediate, middle));
  const feedForward = { input: middle, residual: middle, norm: outputNorm };
  const narrow = dropped(scope, linear(scope, sites.output, wide, feedForward));
  return outputNorm(narrow, middle);
}
