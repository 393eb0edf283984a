export { activationOf, type HiddenActivation, hiddenActivations } from './activation.js';
export { additiveMask, type MaskParts, seenPositions } from './attentionMask.js';
export { blockParameters, blockSites, linearSite, siteParameters } from './blockShape.js';
export { embed, textEmbeddings, textPositions } from './embeddings.js';
export { forBatch } from './forBatch.js';
export { dropped, hidden, named } from './hidden.js';
export { layerNorm } from './layerNorm.js';
export { type LayerStack, runLayers } from './layerStack.js';
export { dense, linear } from './linear.js';
export { type AttentionSites, selfAttention } from './multiHeadAttention.js';
export { preNormBlock } from './preNormBlock.js';
export { remembered } from './remembered.js';
export type { DropoutRates, Scope } from './scope.js';
export type { LayerDesign, LayerPlace, LinearSite, SiteCall } from './sites.js';
export {
  type BlockSites,
  type CrossAttention,
  type TransformerBlock,
  transformerBlock,
} from './transformerBlock.js';
