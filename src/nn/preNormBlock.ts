import { activation, type Tensor, tf } from '../engine/index.js';
import { dropped } from './hidden.js';
import { layerNorm } from './layerNorm.js';
import { linear } from './linear.js';
import type { Scope } from './scope.js';
import { selfAttention, type TransformerBlock } from './transformerBlock.js';

/**
 * One layer of ViT and of CLIP (Dosovitskiy et al. 2021, eq. 2 and 3): `attentionNorm` before attention, `outputNorm`
 * before the feed-forward part, each part added to what it read.
 * @param x [B, S, width]
 * @param mask added to the scores, broadcasts to [B, heads, S, S]
 * @returns [B, S, width]
 */
export function preNormBlock(scope: Scope, block: TransformerBlock, x: Tensor, mask?: Tensor): Tensor {
  const { sites, epsilon } = block;
  const read = layerNorm(scope, block.attentionNorm, x, epsilon);
  const attention = { input: read, residual: x };
  const middle = tf.add(dropped(scope, selfAttention(scope, block, read, mask, attention)), x);
  const normed = layerNorm(scope, block.outputNorm, middle, epsilon);
  const wide = activation(block.activation)(linear(scope, sites.intermediate, normed));
  const feedForward = { input: normed, residual: middle };
  return tf.add(dropped(scope, linear(scope, sites.output, wide, feedForward)), middle);
}
