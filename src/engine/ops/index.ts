export { type ActivationName, activation } from './activation.js';
export { type AttentionOptions, attention } from './attention.js';
export { createDropout, type Dropout } from './dropout.js';
export { embedding } from './embedding.js';
export { gelu } from './gelu.js';
export { layerNorm } from './layerNorm.js';
export { linear } from './linear.js';
