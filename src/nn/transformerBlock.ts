import { type ActivationName, activation, attention, type Tensor, tf } from '../engine/index.js';
import { dropped } from './hidden.js';
import { layerNorm } from './layerNorm.js';
import { linear } from './linear.js';
import type { Scope } from './scope.js';
import type { LinearSite } from './sites.js';

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
export interface TransformerBlock {
  readonly sites: BlockSites;
  /** Prefix of the LayerNorm after attention. */
  readonly attentionNorm: string;
  /** Prefix of the LayerNorm after the feed-forward part. */
  readonly outputNorm: string;
  readonly heads: number;
  readonly epsilon: number;
  readonly activation: ActivationName;
}

/**
 * Multi-head self-attention with its output projection, before residual and LayerNorm.
 * @param x [B, S, width]
 * @param mask added to the scores, broadcasts to [B, heads, S, S]
 * @returns [B, S, width]
 */
export function selfAttention(
  scope: Scope,
  { sites, heads }: Pick<TransformerBlock, 'sites' | 'heads'>,
  x: Tensor,
  mask?: Tensor,
): Tensor {
  const [query, key, value] = [sites.query, sites.key, sites.value].map((site) => linear(scope, site, x));
  const dropout = scope.hooks?.dropout;
  const mixed = attention(query as Tensor, key as Tensor, value as Tensor, {
    heads,
    ...(mask && { mask }),
    ...(dropout && { onProbabilities: (probabilities) => dropout(probabilities) }),
  });
  return linear(scope, sites.attentionOutput, mixed);
}

/**
 * One layer of BERT (Devlin et al. 2019): attention and feed-forward part, LayerNorm after each residual.
 * @param x [B, S, width]
 * @param mask added to the scores, broadcasts to [B, heads, S, S]
 * @returns [B, S, width]
 */
export function transformerBlock(scope: Scope, block: TransformerBlock, x: Tensor, mask?: Tensor): Tensor {
  const { sites, epsilon } = block;
  const attended = dropped(scope, selfAttention(scope, block, x, mask));
  const middle = layerNorm(scope, block.attentionNorm, tf.add(attended, x), epsilon);
  const wide = activation(block.activation)(linear(scope, sites.intermediate, middle));
  const narrow = dropped(scope, linear(scope, sites.output, wide));
  return layerNorm(scope, block.outputNorm, tf.add(narrow, middle), epsilon);
}
