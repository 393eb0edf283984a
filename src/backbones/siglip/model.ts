import type { Inputs, Weights } from '../backbone.js';
import { adoptTensors } from '../parts/adoptTensors.js';
import { defineFamily } from '../parts/defineFamily.js';
import { readSiglipConfig, type SiglipConfig, siglipSchema, siglipVocabulary } from './config.js';
import { siglipForward } from './forward.js';
import { siglipShape } from './shape.js';

const prefixes = ['', 'siglip.', 'model.'];

const inputs = ({ picture: { image_size: side, patch_size: patchSize } }: SiglipConfig): Inputs => ({
  kind: 'square',
  side,
  patchSize,
  wholePositions: 0,
  textPair: 'joined',
  usual: {
    kind: 'siglip',
    config: { image_processor_type: 'SiglipImageProcessor', size: { height: side, width: side } },
    told: `SigLIP's usual ones, ${side} x ${side} pixels`,
  },
});

/** Two towers that a sigmoid of every pair trains: SigLIP (Zhai et al. 2023, arXiv 2303.15343). */
export const siglip = defineFamily<SiglipConfig>({
  family: 'siglip',
  modelNames: { siglip: 'SigLIP' },
  schema: siglipSchema,
  prefixes,
  read: readSiglipConfig,
  shape: siglipShape,
  inputs,
  withVocabulary: siglipVocabulary,
  adopt: (parameters, tensors): Weights =>
    adoptTensors(tensors, parameters, {
      prefixes,
      body: /^(text_model|vision_model|logit_scale|logit_bias)/,
      ignored: /\.position_ids$/,
      hint: () => undefined,
    }),
  forward: siglipForward,
});
