import { defineAdapter } from './adapter.js';
import { isLayerNorm, type LayerChoice } from './parts/layers.js';
import { backboneParameters, countOf, trainedLayersSchema, unfreezing } from './parts/unfreezing.js';

export interface LayernormOptions {
  readonly layers: LayerChoice;
}

/** Only the scales and shifts of LayerNorms train. */
export const layernorm = defineAdapter<LayernormOptions>({
  kind: 'layernorm',
  description: 'Only the LayerNorms of the backbone train: nothing new in the model, and very little of it.',
  source:
    'Qi et al. 2022 (arXiv 2211.08682), LN-tuning; Zhao et al. 2023 (arXiv 2312.11420), who train other parts beside them.',
  learningRate: 3e-3,
  // As for biases, which are as few.
  usualLearningRate: { low: 1e-4, high: 1e-2 },
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: { layers: trainedLayersSchema },
  },
  plan: (backbone, { layers }) => unfreezing(backboneParameters(backbone, layers, isLayerNorm)),
  /** With BERT: layers · 4h, and 2h of the embeddings. */
  parameterCount: (backbone, { layers }) =>
    countOf(backbone, backboneParameters(backbone, layers, isLayerNorm)),
});
