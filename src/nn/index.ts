export { activationOf, type HiddenActivation, hiddenActivations } from './activation.js';
export { additiveMask, separateParts } from './attentionMask.js';
export { embed, textEmbeddings } from './embeddings.js';
export { dropped, hidden, tapped } from './hidden.js';
export { layerNorm } from './layerNorm.js';
export { dense, linear } from './linear.js';
export type { Scope } from './scope.js';
export type { LinearSite, SiteCall } from './sites.js';
export {
  type BlockSites,
  selfAttention,
  type TransformerBlock,
  transformerBlock,
} from './transformerBlock.js';
