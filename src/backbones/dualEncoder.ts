import { adoptTensors } from './adoptTensors.js';
import type { BackboneFamily, ForwardOptions, Weights } from './backbone.js';
import { dualEncoderSchema, dualEncoderVocabulary, readDualEncoderConfig } from './dualEncoder/config.js';
import { dualEncoderForward } from './dualEncoder/forward.js';
import { dualEncoderProcessor } from './dualEncoder/processor.js';
import { dualEncoderShape } from './dualEncoder/shape.js';
import { publishedHead } from './publishedHead.js';

/**
 * Two towers that map text and picture into one space: CLIP (Radford et al. 2021, arXiv 2103.00020), whose towers SLIP and
 * FILIP train with other objectives, and Chinese-CLIP (Yang et al. 2022, arXiv 2211.01335).
 */
export const dualEncoder = {
  family: 'dualEncoder',
  modelTypes: ['clip', 'chinese_clip'],
  schema: dualEncoderSchema,
  prefixes: ['', 'clip.', 'model.'],
  shape: (config) => ({
    ...dualEncoderShape(readDualEncoderConfig(config)),
    published: publishedHead(config),
  }),
  withVocabulary: dualEncoderVocabulary,
  adopt: (config, tensors): Weights =>
    adoptTensors(tensors, dualEncoderShape(readDualEncoderConfig(config)).parameters, {
      prefixes: dualEncoder.prefixes,
      body: /^(text_model|vision_model|text_projection|visual_projection|logit_scale)/,
      ignored: /\.position_ids$|^text_model\.pooler\./,
      hint: () => undefined,
    }),
  createProcessor: dualEncoderProcessor,
  forward: (config, parameters, batch, options?: ForwardOptions) =>
    dualEncoderForward(readDualEncoderConfig(config), parameters, batch, options),
} satisfies BackboneFamily;
