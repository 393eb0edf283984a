import { activation, linear as affine, attention, type Tensor, tf } from '../../engine/index.js';
import { activationOf, layerNorm, linear, type Scope } from '../../nn/index.js';
import type { SiglipConfig } from './config.js';
import { poolerSites } from './shape.js';

const HEAD = 'vision_model.head';

/** Query, key and value [B, S, H] of states, which are one product. */
function packed({ parameters }: Scope, states: Tensor): readonly [Tensor, Tensor, Tensor] {
  const weight = parameters(`${HEAD}.attention.in_proj_weight`);
  const all = affine(states, weight, parameters(`${HEAD}.attention.in_proj_bias`));
  return tf.split(all, 3, 2) as [Tensor, Tensor, Tensor];
}

/** Output projection, then a feed-forward part around which what it reads is added; [B, S, H]. */
function behindAttention(scope: Scope, config: SiglipConfig, mixed: Tensor): Tensor {
  const { layer_norm_eps: epsilon, hidden_act: name } = config.picture;
  const sites = poolerSites(config);
  const seen = linear(scope, sites.attentionOutput, mixed);
  const normed = layerNorm(scope, `${HEAD}.layernorm`, seen, epsilon);
  const wide = activation(activationOf(name))(linear(scope, sites.intermediate, normed));
  return tf.add(linear(scope, sites.output, wide), seen);
}

/**
 * What a learned probe sees of all states (multihead attention pooling, Zhai et al. 2022, arXiv 2106.04560, section 3.2).
 * @param states [B, S, H]
 * @returns [B, H]
 */
export function attentionPool(scope: Scope, config: SiglipConfig, states: Tensor): Tensor {
  const { num_attention_heads: heads, hidden_size: width } = config.picture;
  const size = states.shape[0] as number;
  const [query] = packed(scope, scope.parameters(`${HEAD}.probe`));
  const [, key, value] = packed(scope, states);
  const mixed = attention(tf.tile(query, [size, 1, 1]), key, value, { heads });
  return tf.reshape(behindAttention(scope, config, mixed), [size, width]);
}

/** What it would see of each state alone: [B, S, H] each. */
export const asPooledAlone = (scope: Scope, config: SiglipConfig, states: Tensor): Tensor =>
  behindAttention(scope, config, packed(scope, states)[2]);
