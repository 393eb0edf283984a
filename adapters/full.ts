import { countParameters } from '../src/nn/parameters.js';
import { defineAdapter } from './adapter.js';

export interface FullOptions {
  readonly dropout: number;
}

/** Every parameter of the backbone trains: full fine-tuning, pretraining, and the yardstick for adapters. */
export const full = defineAdapter<FullOptions>({
  kind: 'full',
  description:
    'Trains every parameter of the backbone: pretraining, or the yardstick that adapters are held against.',
  source: 'Devlin et al. 2019 (arXiv 1810.04805), section 3.2: fine-tuning of all parameters',
  learningRate: 5e-5,
  // Devlin et al. 2019, appendix A.3: 2e-5 to 5e-5; smaller models take more.
  usualLearningRate: { low: 5e-6, high: 2e-4 },
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      dropout: {
        type: 'number',
        minimum: 0,
        exclusiveMaximum: 1,
        default: 0.1,
        description: 'Rate of dropout inside the backbone while training.',
      },
    },
  },
  plan: (backbone, { dropout }) => ({
    parameters: [],
    sites: [],
    taps: [],
    unfrozen: backbone.parameters.map(({ name }) => name),
    backboneDropout: dropout,
  }),
  parameterCount: (backbone) => countParameters(backbone.parameters),
});
