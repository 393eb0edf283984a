import type { BackboneShape, LayerPlace } from '../src/backbones/backbone.js';
import { type Problem, UsageError } from '../src/base/errors.js';
import { smallest } from '../src/base/lists.js';
import { defineAdapter } from './adapter.js';
import { isLayerNorm } from './parts/layers.js';
import { countOf, unfreezing } from './parts/unfreezing.js';

export interface LastLayersOptions {
  readonly count: number;
  readonly dropout: number;
}

function checkCount({ streams }: BackboneShape, count: number): void {
  const problems = streams
    .filter(({ layers }) => layers < count)
    .map(
      ({ name, layers }): Problem => ({
        where: '/count',
        message: `${count} layers, but the ${name === 'fused' ? 'backbone' : `${name} tower`} has ${layers}`,
        expected: `1 to ${smallest(streams.map((stream) => stream.layers))}`,
      }),
    );
  if (problems.length > 0) throw new UsageError(problems);
}

/** `vision_model.encoder.layers.3.` -> `vision_model.`. */
const rootOf = ({ parameterPrefix }: LayerPlace): string =>
  parameterPrefix.replace(/(encoder\.)?[^.]+\.\d+\.$/, '');

/** LayerNorms of a stream behind its last layer: its parameters come in the order of the forward pass. */
function closingNorms({ parameters }: BackboneShape, last: LayerPlace): readonly string[] {
  const names = parameters.map(({ name }) => name);
  const end = names.findLastIndex((name) => name.startsWith(last.parameterPrefix));
  return names.slice(end + 1).filter((name) => isLayerNorm(name) && name.startsWith(rootOf(last)));
}

/** Linear layers outside the layers: pooler, projection. */
const closingLinears = ({ sites }: BackboneShape): readonly string[] =>
  sites
    .filter(({ kind, layer }) => kind === 'linear' && layer === undefined)
    .flatMap(({ weight, bias }) => [weight, bias].filter((name) => name !== undefined));

function trained(backbone: BackboneShape, { count }: LastLayersOptions): readonly string[] {
  checkCount(backbone, count);
  const streams = backbone.streams.map(({ name }) =>
    backbone.layerPlaces.filter(({ stream }) => stream === name),
  );
  const prefixes = streams.flatMap((places) => places.slice(-count)).map((place) => place.parameterPrefix);
  const closing = new Set([
    ...streams.flatMap((places) => closingNorms(backbone, places.at(-1) as LayerPlace)),
    ...closingLinears(backbone),
  ]);
  return backbone.parameters
    .map(({ name }) => name)
    .filter((name) => closing.has(name) || prefixes.some((prefix) => name.startsWith(prefix)));
}

/** The last layers of each stream train whole, with the LayerNorm, pooler or projection behind them: a plain baseline. */
export const lastLayers = defineAdapter<LastLayersOptions>({
  kind: 'last-layers',
  description: 'The last layers of the backbone train, with what follows them: the plain baseline.',
  source: 'Houlsby et al. 2019 (arXiv 1902.00751), section 3: fine-tuning of the top layers alone',
  learningRate: 5e-4,
  // From that of fine-tuning to that of a head.
  usualLearningRate: { low: 1e-5, high: 1e-3 },
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      count: {
        type: 'integer',
        minimum: 1,
        maximum: 512,
        default: 2,
        description: 'Layers that train, counted from the last; of two towers so many of each.',
      },
      dropout: {
        type: 'number',
        minimum: 0,
        exclusiveMaximum: 1,
        default: 0.1,
        description: 'Rate of dropout inside the backbone while training.',
      },
    },
  },
  plan: (backbone, options) => ({
    ...unfreezing(trained(backbone, options)),
    backboneDropout: options.dropout,
  }),
  /** With BERT: count · (4h² + 2hi + 9h + i), and h² + h of the pooler; i the width of the feed-forward part. */
  parameterCount: (backbone, options) => countOf(backbone, trained(backbone, options)),
});
