import type { BackboneShape } from '../src/backbones/backbone.js';
import { UsageError } from '../src/base/errors.js';
import { defineAdapter } from './adapter.js';
import { chosenLayers, type LayerChoice, sitesOf } from './parts/layers.js';
import { backboneParameters, countOf, trainedLayersSchema, unfreezing } from './parts/unfreezing.js';

export interface BitfitOptions {
  readonly layers: LayerChoice;
  readonly which: 'all' | 'query-and-intermediate';
}

function trained(backbone: BackboneShape, { layers, which }: BitfitOptions): readonly string[] {
  const half = () =>
    sitesOf(backbone, chosenLayers(backbone, layers), ['attention.query', 'ffn.intermediate']).flatMap(
      ({ bias }) => bias ?? [],
    );
  const names =
    which === 'all' ? backboneParameters(backbone, layers, (name) => name.endsWith('.bias')) : half();
  if (names.length > 0) return names;
  const message = `the ${backbone.family} backbone has no such biases`;
  throw new UsageError({ where: '/which', message, expected: '"all", or another adapter' });
}

/**
 * Only biases train: those of linear layers and LayerNorms, or the half that Ben-Zaken et al. found to change most, b_q
 * of the query and b_m2 of the feed-forward part's first layer. Their code trains the pooler's bias with the half too;
 * here the half is what the paper counts. Key biases are among them, though softmax ignores them. The backbone runs
 * without dropout, as with every adapter here but those that train whole layers.
 */
export const bitfit = defineAdapter<BitfitOptions>({
  kind: 'bitfit',
  description: 'Only the biases of the backbone train: nothing new in the model, about a thousandth of it.',
  source: 'BitFit, Ben-Zaken et al. 2022 (arXiv 2106.10199), section 3',
  learningRate: 3e-3,
  // Ben Zaken et al. 2022: 1e-4 to 9e-3.
  usualLearningRate: { low: 1e-4, high: 1e-2 },
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      layers: trainedLayersSchema,
      which: {
        type: 'string',
        enum: ['all', 'query-and-intermediate'],
        default: 'all',
        description:
          'Every bias, or of each layer only those of the query and of the first feed-forward layer: half as many.',
      },
    },
  },
  plan: (backbone, options) => unfreezing(trained(backbone, options)),
  /** With BERT: layers · (7h + i) and 2h outside them, or layers · (h + i); i the width of the feed-forward part. */
  parameterCount: (backbone, options) => countOf(backbone, trained(backbone, options)),
});
