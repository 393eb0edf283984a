import type { Inputs, Weights } from '../backbone.js';
import { adoptTensors } from '../parts/adoptTensors.js';
import { defineFamily } from '../parts/defineFamily.js';
import { type PatchStreamConfig, patchStreamSchema, readPatchStreamConfig } from './config.js';
import { patchStreamForward } from './forward.js';
import { patchStreamShape } from './shape.js';

const prefixes = ['vilt.', ''];

const inputs = ({ image_size: side, patch_size: patchSize, ...config }: PatchStreamConfig): Inputs => ({
  kind: 'anySize',
  patchSize,
  most: config.max_image_length,
  pairTypes: config.modality_type_vocab_size > 2,
  usual: {
    kind: 'vilt',
    config: {
      image_processor_type: 'ViltImageProcessor',
      size: { shortest_edge: side },
      size_divisor: patchSize,
    },
    told: `ViLT's usual ones, ${side} pixels on the shorter side`,
  },
});

/** Text and the patches of a whole picture in one sequence: ViLT (Kim et al. 2021, arXiv 2102.03334). */
export const patchStream = defineFamily<PatchStreamConfig>({
  family: 'patchStream',
  modelNames: { vilt: 'ViLT' },
  schema: patchStreamSchema,
  prefixes,
  read: readPatchStreamConfig,
  shape: patchStreamShape,
  inputs,
  adopt: (parameters, tensors): Weights =>
    adoptTensors(tensors, parameters, {
      prefixes,
      body: /^(embeddings|encoder|layernorm)\./,
      ignored: /\.(position_ids|token_type_ids)$/,
      hint: () => undefined,
    }),
  forward: patchStreamForward,
});
