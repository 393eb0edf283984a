import type { Weights } from '../backbone.js';
import { adoptTensors } from '../parts/adoptTensors.js';
import { defineFamily } from '../parts/defineFamily.js';
import { readSingleStreamConfig, type SingleStreamConfig, singleStreamSchema } from './config.js';
import { singleStreamForward } from './forward.js';
import { singleStreamShape } from './shape.js';

const prefixes = ['bert.', 'visual_bert.', ''];

/**
 * BERT over text, or over text and picture regions in one sequence: Devlin et al. 2019, VisualBERT (Li et al. 2019), and
 * with `visual_box_dim` the box embedding of UNITER (Chen et al. 2020): x1, y1, x2, y2, width, height, area, all
 * relative to the picture.
 */
export const singleStream = defineFamily<SingleStreamConfig>({
  family: 'singleStream',
  modelNames: { bert: 'BERT', visual_bert: 'VisualBERT' },
  schema: singleStreamSchema,
  prefixes,
  read: readSingleStreamConfig,
  shape: singleStreamShape,
  inputs: () => ({ kind: 'regions' }),
  adopt: (parameters, tensors): Weights =>
    adoptTensors(tensors, parameters, {
      prefixes,
      body: /^(embeddings|encoder)\./,
      ignored: /\.position_ids$/,
      hint: (name) =>
        name.startsWith('pooler.') ? 'or "add_pooling_layer": false in config.json' : undefined,
    }),
  forward: singleStreamForward,
});
