import { activation, type Tensor } from '../engine/index.js';
import { dropped } from './hidden.js';
import { layerNorm } from './layerNorm.js';
import { linear } from './linear.js';
import {
  type AttentionPart,
  type AttentionSites,
  attend,
  type Memory,
  selfAttention,
} from './multiHeadAttention.js';
import type { Scope } from './scope.js';
import type { LayerDesign, LayerPlace, LinearSite } from './sites.js';

/** The linear layers of one transformer layer. */
export interface BlockSites extends AttentionSites {
  readonly intermediate: LinearSite;
  readonly output: LinearSite;
}

/** Attention to a memory, between self-attention and feed-forward part. */
export interface CrossAttention extends AttentionPart {
  /** Prefix of its LayerNorm. */
  readonly norm: string;
}

/** One transformer layer: where its parameters are and how it computes. */
export interface TransformerBlock extends Omit<LayerDesign, 'normalises' | 'causal'> {
  /** Absent: adapters can't reach its attention. */
  readonly place?: LayerPlace;
  readonly sites: BlockSites;
  readonly heads: number;
  /** Absent: the layer looks into no memory. */
  readonly cross?: CrossAttention;
}

/** What the layer found in the memory, joined to its states [B, S, width]; without either, the states as they are. */
function crossed(scope: Scope, block: TransformerBlock, x: Tensor, memory: Memory | undefined): Tensor {
  const { cross, epsilon } = block;
  if (!cross || !memory) return x;
  const norm = (y: Tensor, residual?: Tensor) => layerNorm(scope, cross.norm, y, epsilon, residual);
  const module = { input: x, residual: x, norm };
  return norm(dropped(scope, attend(scope, cross, x, memory, module)), x);
}

/**
 * One layer of BERT (Devlin et al. 2019): attention and feed-forward part, LayerNorm after each residual; of fusion
 * encoders and decoders (Li et al. 2021, arXiv 2107.07651, figure 1) also attention to a memory between them.
 * @param x [B, S, width]
 * @param mask added to the scores, broadcasts to [B, heads, S, S]
 * @param memory absent: a layer that could look into one leaves that out
 * @returns [B, S, width]
 */
export function transformerBlock(
  scope: Scope,
  block: TransformerBlock,
  x: Tensor,
  mask?: Tensor,
  memory?: Memory,
): Tensor {
  const { sites, epsilon } = block;
  const attentionNorm = (y: Tensor, residual?: Tensor) =>
    layerNorm(scope, block.attentionNorm, y, epsilon, residual);
  const outputNorm = (y: Tensor, residual?: Tensor) =>
    layerNorm(scope, block.outputNorm, y, epsilon, residual);
  const attention = { input: x, residual: x, norm: attentionNorm };
  const seen = attentionNorm(dropped(scope, selfAttention(scope, block, x, mask, attention)), x);
  const middle = crossed(scope, block, seen, memory);
  const wide = activation(block.activation)(linear(scope, sites.intermediate, middle));
  const feedForward = { input: middle, residual: middle, norm: outputNorm };
  const narrow = dropped(scope, linear(scope, sites.output, wide, feedForward));
  return outputNorm(narrow, middle);
}
