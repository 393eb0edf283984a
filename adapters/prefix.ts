import type { AttentionCall, BackboneShape, LayerPlace } from '../src/backbones/backbone.js';
import { gives } from '../src/backbones/capabilities.js';
import { streamPrefix } from '../src/backbones/streams.js';
import { UsageError } from '../src/base/errors.js';
import { castLike, linear, type Tensor, tf } from '../src/engine/index.js';
import { forBatch } from '../src/nn/index.js';
import {
  type Initializer,
  linearParameters,
  normal,
  type ParameterLookup,
  type ParameterSpec,
} from '../src/nn/parameters.js';
import { type AdapterContext, defineAdapter } from './adapter.js';
import { prefixPeft } from './formats/prefixPeft.js';
import { layersSchema, placesOf } from './parts/layers.js';
import type { PrefixOptions } from './parts/prefixOptions.js';

/** The start of torch.nn.Linear's weights. */
const fanIn = (inputWidth: number): Initializer => ({ kind: 'uniform', limit: 1 / Math.sqrt(inputWidth) });

function checkOptions(backbone: BackboneShape, { stream, shiftPositions, length }: PrefixOptions): void {
  const { maxTextLength: longest = Number.POSITIVE_INFINITY } = backbone;
  if (stream !== 'both' && !gives(backbone, stream)) {
    const message = `a ${backbone.family} backbone has no towers to choose from`;
    throw new UsageError({ where: '/stream', message, expected: '"both"' });
  }
  if (shiftPositions && stream === 'picture') {
    const message = 'pictures have no positions that could be shifted';
    throw new UsageError({ where: '/shiftPositions', message, expected: 'false' });
  }
  if (shiftPositions && backbone.fullText) {
    const message = `texts of a ${backbone.family} backbone fill all its positions`;
    throw new UsageError({ where: '/shiftPositions', message, expected: 'false' });
  }
  if (shiftPositions && length >= longest) {
    const message = `${length} positions before a text leave none of the backbone's ${longest} for it`;
    throw new UsageError({ where: '/length', message, expected: `less than ${longest}` });
  }
}

const chosenPlaces = (backbone: BackboneShape, { stream, layers }: PrefixOptions): readonly LayerPlace[] =>
  placesOf(backbone, stream, layers);

function sharedParameters(backbone: BackboneShape, options: PrefixOptions): ParameterSpec[] {
  const { reparameterization: inner, length } = options;
  if (inner === 'none') return [];
  const widths = new Map(
    chosenPlaces(backbone, options).map(({ stream, width }) => [streamPrefix(stream), width]),
  );
  return [...widths].flatMap(([stream, width]) => [
    { name: `${stream}embedding`, shape: [length, width], initializer: normal(1) },
    ...linearParameters(`${stream}hidden`, width, inner, fanIn(width)),
  ]);
}

function parametersAt({ name, width }: LayerPlace, options: PrefixOptions): ParameterSpec[] {
  const { reparameterization: inner, length } = options;
  return ['key', 'value'].flatMap((part) =>
    inner === 'none'
      ? [{ name: `${name}.${part}`, shape: [length, width], initializer: normal(0.02) }]
      : linearParameters(`${name}.${part}`, inner, width, fanIn(inner)),
  );
}

/** The prefix of one layer [length, width], `key` or `value`. */
function prefixOf(
  { name, stream }: LayerPlace,
  part: 'key' | 'value',
  parameters: ParameterLookup,
  { reparameterization }: PrefixOptions,
): Tensor {
  if (reparameterization === 'none') return parameters(`${name}.${part}`);
  const own = (shared: string) => parameters(streamPrefix(stream) + shared);
  const inner = tf.tanh(linear(own('embedding'), own('hidden.weight'), own('hidden.bias')));
  return linear(inner, parameters(`${name}.${part}.weight`), parameters(`${name}.${part}.bias`));
}

/** [B, T, width] behind the prefix: [B, length + T, width]. */
function extended(
  { place, ...own }: AttentionCall,
  part: 'key' | 'value',
  { options, parameters, dropout }: AdapterContext<PrefixOptions>,
): Tensor {
  const prefix = forBatch(prefixOf(place, part, parameters, options), own[part].shape[0] as number);
  return tf.concat([castLike(dropout(prefix, options.dropout), own[part]), own[part]], 1);
}

/** Every query may see the prefix. */
function extendedMask(mask: Tensor, length: number): Tensor {
  const [batch, heads, rows] = mask.shape as [number, number, number, number];
  return tf.concat([tf.zeros([batch, heads, rows, length]), mask], 3);
}

/**
 * Prefix tuning: softmax(q [K'; K]ᵀ / sqrt(d)) [V'; V] with learned keys K' and values V' in every layer. Reparameterised
 * they are K' = Linear(tanh(Linear(E))), E one embedding a position, the first Linear shared by the layers. Where the
 * paper is silent: without reparameterisation the prefix starts normal with deviation 0.02, with it as torch.nn.Embedding
 * and torch.nn.Linear start, biases at zero. It has no positions of its own unless `shiftPositions` is set.
 */
export const prefix = defineAdapter<PrefixOptions>({
  kind: 'prefix',
  description: 'Learned keys and values before those of every attention: few parameters, no new layers.',
  source:
    'Li & Liang 2021 (arXiv 2101.00190), section 4; the same on encoders: Liu et al. 2022 (arXiv 2110.07602)',
  learningRate: 3e-3,
  // Li and Liang 2021: 5e-5; Liu et al. 2022 (P-tuning v2): up to 1e-2.
  usualLearningRate: { low: 5e-5, high: 3e-2 },
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      length: {
        type: 'integer',
        minimum: 1,
        maximum: 4096,
        default: 10,
        description: 'Learned keys, and as many values, in each layer.',
      },
      layers: layersSchema,
      stream: {
        type: 'string',
        enum: ['both', 'text', 'picture'],
        default: 'both',
        description: 'Which of two towers; "both" as well where text and picture share one sequence.',
      },
      reparameterization: {
        description:
          'Width of the hidden layer of a network that makes the prefix while it trains, or "none": the prefix itself trains.',
        default: 'none',
        anyOf: [
          { type: 'string', const: 'none' },
          { type: 'integer', minimum: 1, maximum: 131072 },
        ],
      },
      dropout: {
        type: 'number',
        minimum: 0,
        exclusiveMaximum: 1,
        default: 0,
        description: 'Rate of dropout on the prefix while training.',
      },
      shiftPositions: {
        type: 'boolean',
        default: false,
        description: 'Whether positions of the text begin after the prefix, as PEFT has it.',
      },
    },
  },
  plan: (backbone, options) => {
    checkOptions(backbone, options);
    const places = chosenPlaces(backbone, options);
    return {
      parameters: [
        ...sharedParameters(backbone, options),
        ...places.flatMap((place) => parametersAt(place, options)),
      ],
      sites: [],
      layers: places.map(({ name }) => name),
      taps: [],
      unfrozen: [],
      ...(options.shiftPositions && { positionOffset: options.length }),
    };
  },
  attend: (call, context) => ({
    key: extended(call, 'key', context),
    value: extended(call, 'value', context),
    ...(call.mask && { mask: extendedMask(call.mask, context.options.length) }),
  }),
  /**
   * For each stream: L' · 2nh; reparameterised nh + hm + m + L' · 2(mh + h). h hidden size, n length, m width of the
   * hidden layer, L' chosen layers.
   */
  parameterCount: ({ streams }, { length, layers, stream, reparameterization: inner }) =>
    streams
      .filter(({ name }) => name === 'fused' || stream === 'both' || name === stream)
      .map(({ hiddenSize: hidden, layers: count }) => {
        const chosen = layers === 'all' ? count : layers.filter((layer) => layer < count).length;
        if (inner === 'none') return chosen * 2 * length * hidden;
        const shared = chosen > 0 ? length * hidden + hidden * inner + inner : 0;
        return shared + chosen * 2 * (inner * hidden + hidden);
      })
      .reduce((sum, count) => sum + count, 0),
  formats: [prefixPeft],
});
