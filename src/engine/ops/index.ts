export { type ActivationName, activation } from './activation.js';
export { addTo } from './addTo.js';
export { attention } from './attention.js';
export { createDropout, type Dropout, noDropout } from './dropout.js';
export { embedding } from './embedding.js';
export { gelu } from './gelu.js';
export { layerNorm } from './layerNorm.js';
export { linear } from './linear.js';
export { stopGradient } from './stopGradient.js';
