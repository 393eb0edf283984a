import type { BlockNames } from './placedBlock.js';

/** CLIP's names of a layer's parameters, which SigLIP keeps. */
export const CLIP_NAMES: BlockNames = {
  query: 'self_attn.q_proj',
  key: 'self_attn.k_proj',
  value: 'self_attn.v_proj',
  attentionOutput: 'self_attn.out_proj',
  attentionNorm: 'layer_norm1',
  intermediate: 'mlp.fc1',
  output: 'mlp.fc2',
  outputNorm: 'layer_norm2',
};
