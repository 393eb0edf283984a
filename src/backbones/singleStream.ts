import { adoptTensors } from './adoptTensors.js';
import type { BackboneFamily, ForwardOptions, Weights } from './backbone.js';
import { publishedHead } from './publishedHead.js';
import { readSingleStreamConfig, singleStreamSchema, visualBertAnswers } from './singleStream/config.js';
import { singleStreamForward } from './singleStream/forward.js';
import { singleStreamProcessor } from './singleStream/processor.js';
import { singleStreamShape } from './singleStream/shape.js';

/**
 * BERT over text, or over text and picture regions in one sequence: Devlin et al. 2019, VisualBERT (Li et al. 2019), and
 * with `visual_box_dim` the box embedding of UNITER (Chen et al. 2020): x1, y1, x2, y2, width, height, area, all
 * relative to the picture.
 */
export const singleStream = {
  family: 'singleStream',
  modelTypes: ['bert', 'visual_bert'],
  schema: singleStreamSchema,
  prefixes: ['bert.', 'visual_bert.', ''],
  shape: (config) => ({
    ...singleStreamShape(readSingleStreamConfig(config), visualBertAnswers(config)),
    published: publishedHead(config),
  }),
  adopt: (config, tensors): Weights =>
    adoptTensors(tensors, singleStreamShape(readSingleStreamConfig(config)).parameters, {
      prefixes: singleStream.prefixes,
      body: /^(embeddings|encoder)\./,
      ignored: /\.position_ids$/,
      hint: (name) =>
        name.startsWith('pooler.') ? 'or "add_pooling_layer": false in config.json' : undefined,
    }),
  createProcessor: singleStreamProcessor,
  forward: (config, parameters, batch, options?: ForwardOptions) =>
    singleStreamForward(readSingleStreamConfig(config), parameters, batch, options),
} satisfies BackboneFamily;
