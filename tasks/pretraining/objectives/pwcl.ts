import { pairwiseContrastive } from '../../../src/objectives/pairwiseContrastive.js';
import { projectionSchema, retrievalMeasure, vectorParameters, vectorsOf } from '../comparedVectors.js';
import { defineObjective } from '../objective.js';

interface Options {
  readonly temperature: number;
  readonly form: 'exp' | 'literal';
  readonly projection: number;
}

/** CAVL's PwCL (arXiv 2304.04399) of text and picture, each seeing only itself. */
export const pwcl = defineObjective<Options>({
  kind: 'pwcl',
  description: "CAVL's pair-wise contrastive loss of pictures and their captions, encoded apart.",
  byDefault: true,
  comparesInBatch: 'its negatives',
  schema: {
    properties: {
      temperature: {
        type: 'number',
        exclusiveMinimum: 0,
        default: 1,
        description:
          'Divides the cosines, in the form `exp`. Small ones (0.2 and below) let one pair carry the whole sum: the others are not learnt.',
      },
      form: {
        type: 'string',
        enum: ['exp', 'literal'],
        default: 'exp',
        description:
          'exp(cosine / temperature), or the formula as printed in the paper, which can be undefined.',
      },
      projection: projectionSchema,
    },
  },
  views: () => ({ clean: true }),
  head: ({ projection }, _state, backbone) => vectorParameters(backbone, projection),
  outputs: (context) => vectorsOf(context, context.parameters),
  loss: ({ picture, text }, batch, { form, temperature }) =>
    pairwiseContrastive(picture!, text!, { form, temperature, groups: batch['target.pictures']! }),
  measure: retrievalMeasure,
});
