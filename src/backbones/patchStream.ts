import { adoptTensors } from './adoptTensors.js';
import type { BackboneFamily, ForwardOptions, Weights } from './backbone.js';
import { patchStreamSchema, readPatchStreamConfig, trainedAnswers } from './patchStream/config.js';
import { patchStreamForward } from './patchStream/forward.js';
import { patchStreamProcessor } from './patchStream/processor.js';
import { patchStreamShape } from './patchStream/shape.js';
import { publishedHead } from './publishedHead.js';

/** Text and the patches of a whole picture in one sequence: ViLT (Kim et al. 2021, arXiv 2102.03334). */
export const patchStream = {
  family: 'patchStream',
  modelTypes: ['vilt'],
  schema: patchStreamSchema,
  prefixes: ['vilt.', ''],
  shape: (config) => ({
    ...patchStreamShape(readPatchStreamConfig(config), trainedAnswers(config)),
    published: publishedHead(config),
  }),
  adopt: (config, tensors): Weights =>
    adoptTensors(tensors, patchStreamShape(readPatchStreamConfig(config)).parameters, {
      prefixes: patchStream.prefixes,
      body: /^(embeddings|encoder|layernorm)\./,
      ignored: /\.(position_ids|token_type_ids)$/,
      hint: () => undefined,
    }),
  createProcessor: patchStreamProcessor,
  forward: (config, parameters, batch, options?: ForwardOptions) =>
    patchStreamForward(readPatchStreamConfig(config), parameters, batch, options),
} satisfies BackboneFamily;
