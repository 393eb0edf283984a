import { activation, type Tensor, tf } from '../engine/index.js';
import { dropped } from './hidden.js';
import { layerNorm } from './layerNorm.js';
import { linear } from './linear.js';
import { attend, type Memory, selfAttention } from './multiHeadAttention.js';
import type { Scope } from './scope.js';
import type { TransformerBlock } from './transformerBlock.js';

/** As in a BERT's layer, but that the LayerNorm is before the attention to the memory. */
function crossed(scope: Scope, block: TransformerBlock, x: Tensor, memory: Memory | undefined): Tensor {
  const { cross, epsilon } = block;
  if (!cross || !memory) return x;
  const read = layerNorm(scope, cross.norm, x, epsilon);
  return tf.add(dropped(scope, attend(scope, cross, read, memory, { input: read, residual: x })), x);
}

/**
 * One layer of ViT and of CLIP (Dosovitskiy et al. 2021, eq. 2 and 3): `attentionNorm` before attention, `outputNorm`
 * before the feed-forward part, each part added to what it read.
 * @param x [B, S, width]
 * @param mask added to the scores, broadcasts to [B, heads, S, S]
 * @param memory what a layer with cross-attention looks into between the two; absent: it leaves that out
 * @returns [B, S, width]
 */
export function preNormBlock(
  scope: Scope,
  block: TransformerBlock,
  x: Tensor,
  mask?: Tensor,
  memory?: Memory,
): Tensor {
  const { sites, epsilon } = block;
  const read = layerNorm(scope, block.attentionNorm, x, epsilon);
  const attention = { input: read, residual: x };
  const seen = tf.add(dropped(scope, selfAttention(scope, block, read, mask, attention)), x);
  const middle = crossed(scope, block, seen, memory);
  const normed = layerNorm(scope, block.outputNorm, middle, epsilon);
  const wide = activation(block.activation)(linear(scope, sites.intermediate, normed));
  const feedForward = { input: normed, residual: middle };
  return tf.add(dropped(scope, linear(scope, sites.output, wide, feedForward)), middle);
}
