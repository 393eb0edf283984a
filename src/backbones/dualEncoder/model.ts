import type { Inputs, Weights } from '../backbone.js';
import { adoptTensors } from '../parts/adoptTensors.js';
import { defineFamily } from '../parts/defineFamily.js';
import {
  type DualEncoderConfig,
  dualEncoderSchema,
  dualEncoderVocabulary,
  readDualEncoderConfig,
} from './config.js';
import { dualEncoderForward } from './forward.js';
import { dualEncoderShape } from './shape.js';

const prefixes = ['', 'clip.', 'model.'];

const inputs = ({
  text,
  picture: { image_size: side, patch_size: patchSize },
}: DualEncoderConfig): Inputs => ({
  kind: 'square',
  side,
  patchSize,
  wholePositions: 1,
  // CLIP knows one text only, which ends at its first end token.
  textPair: text.kind === 'causal' ? 'joined' : 'segment',
  usual: {
    kind: 'clip',
    config: {
      image_processor_type: 'CLIPImageProcessor',
      size: { shortest_edge: side },
      crop_size: { height: side, width: side },
    },
    told: `CLIP's usual ones, ${side} x ${side} pixels`,
  },
});

/**
 * Two towers that map text and picture into one space: CLIP (Radford et al. 2021, arXiv 2103.00020), whose towers SLIP and
 * FILIP train with other objectives, and Chinese-CLIP (Yang et al. 2022, arXiv 2211.01335).
 */
export const dualEncoder = defineFamily<DualEncoderConfig>({
  family: 'dualEncoder',
  modelNames: { clip: 'CLIP', chinese_clip: 'Chinese-CLIP' },
  schema: dualEncoderSchema,
  prefixes,
  read: readDualEncoderConfig,
  shape: dualEncoderShape,
  inputs,
  withVocabulary: dualEncoderVocabulary,
  adopt: (parameters, tensors): Weights =>
    adoptTensors(tensors, parameters, {
      prefixes,
      body: /^(text_model|vision_model|text_projection|visual_projection|logit_scale)/,
      ignored: /\.position_ids$|^text_model\.pooler\./,
      hint: () => undefined,
    }),
  forward: dualEncoderForward,
});
