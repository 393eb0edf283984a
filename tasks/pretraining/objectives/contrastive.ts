import { contrastive as symmetricInfoNce } from '../../../src/objectives/contrastive.js';
import { cosineSimilarities } from '../../../src/objectives/similarity.js';
import { projectionSchema, retrievalMeasure, vectorParameters, vectorsOf } from '../comparedVectors.js';
import { defineObjective } from '../objective.js';

interface Options {
  readonly temperature: number;
  readonly projection: number;
}

/** Symmetric InfoNCE (Radford et al. 2021) of text and picture, each seeing only itself. */
export const contrastive = defineObjective<Options>({
  kind: 'contrastive',
  description:
    'Symmetric InfoNCE of pictures and their captions, encoded apart: each picks its own among those of the batch. Takes the place of `pwcl`.',
  comparesInBatch: 'its negatives',
  schema: {
    properties: {
      temperature: {
        type: 'number',
        exclusiveMinimum: 0,
        default: 0.1,
        description: 'Divides the cosines.',
      },
      projection: projectionSchema,
    },
  },
  views: () => ({ clean: true }),
  head: ({ projection }, _state, backbone) => vectorParameters(backbone, projection),
  outputs: (context) => vectorsOf(context, context.parameters),
  loss: ({ picture, text }, batch, { temperature }) =>
    symmetricInfoNce(cosineSimilarities(picture!, text!), {
      scale: 1 / temperature,
      groups: batch['target.pictures']!,
    }),
  measure: retrievalMeasure,
});
