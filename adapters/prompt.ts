import type { BackboneShape, LayerPlace } from '../src/backbones/backbone.js';
import { gives } from '../src/backbones/capabilities.js';
import { UsageError } from '../src/base/errors.js';
import { forBatch } from '../src/nn/index.js';
import { type Initializer, normal } from '../src/nn/parameters.js';
import { defineAdapter } from './adapter.js';
import { placesOf, type TowerChoice } from './parts/layers.js';
import { likeWords } from './parts/promptWords.js';

export interface PromptOptions {
  readonly length: number;
  readonly part: TowerChoice;
  readonly deep: boolean;
  readonly init: 'normal' | 'words';
  readonly dropout: number;
}

function checkOptions(backbone: BackboneShape, { part, init }: PromptOptions): void {
  if (part === 'both' && gives(backbone, 'fused')) {
    const message = `a ${backbone.family} backbone reads text and picture in one sequence`;
    const expected = '"text" or "picture"; a second prompt with a name of its own for the other';
    throw new UsageError({ where: '/part', message, expected });
  }
  if (part === 'picture' && init === 'words') {
    const message = 'positions of a picture do not start as words';
    throw new UsageError({ where: '/init', message, expected: '"normal"' });
  }
}

const chosenPlaces = (backbone: BackboneShape, { part, deep }: PromptOptions): readonly LayerPlace[] =>
  placesOf(backbone, part, deep ? 'all' : [0]);

const partOf = ({ stream }: LayerPlace, part: TowerChoice): 'text' | 'picture' =>
  stream === 'fused' ? (part as 'text' | 'picture') : stream;

function initializerAt(backbone: BackboneShape, place: LayerPlace, options: PromptOptions): Initializer {
  const words = options.init === 'words' && place.layer === 0 && place.stream !== 'picture';
  return words ? likeWords(backbone, place, options.length) : normal(0.02);
}

/**
 * Learned positions P in the sequence: [P; x] is what the first layer reads. Deep: layer i reads [P_i; x_i], and what it
 * makes of P_i is left out. They join after the embeddings, so they have neither position nor segment nor LayerNorm of the
 * embeddings (T5, on which Lester et al. work, has none of these there; VPT does the same). Where the papers differ or are
 * silent: they start normal with deviation 0.02; of deep prompts only those of the first layer start as words.
 */
export const prompt = defineAdapter<PromptOptions>({
  kind: 'prompt',
  description: 'Learned positions in the sequence, before the first layer or each: fewest parameters.',
  source:
    'Text: Lester et al. 2021 (arXiv 2104.08691). Picture, shallow and deep: VPT, Jia et al. 2022 (arXiv 2203.12119), section 3.2.',
  learningRate: 1e-2,
  // Lester et al. 2021: 0.3, with Adafactor.
  usualLearningRate: { low: 1e-3, high: 5e-1 },
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      length: {
        type: 'integer',
        minimum: 1,
        maximum: 4096,
        default: 20,
        description: 'Positions that join the sequence.',
      },
      part: {
        type: 'string',
        enum: ['text', 'picture', 'both'],
        default: 'text',
        description:
          'Of two towers those that get positions; of one sequence the part whose positions see them where text and picture keep apart ("text" or "picture").',
      },
      deep: {
        type: 'boolean',
        default: false,
        description: 'Whether every layer gets new positions in place of those of the layer before.',
      },
      init: {
        type: 'string',
        enum: ['normal', 'words'],
        default: 'normal',
        description: 'How they start: drawn, or as words of the vocabulary (text, first layer).',
      },
      dropout: {
        type: 'number',
        minimum: 0,
        exclusiveMaximum: 1,
        default: 0,
        description: 'Rate of dropout on the positions as they join, while training.',
      },
    },
  },
  plan: (backbone, options) => {
    checkOptions(backbone, options);
    const places = chosenPlaces(backbone, options);
    return {
      parameters: places.map((place) => ({
        name: place.name,
        shape: [options.length, place.width],
        initializer: initializerAt(backbone, place, options),
      })),
      sites: [],
      layers: places.map(({ name }) => name),
      taps: [],
      unfrozen: [],
    };
  },
  prompt: ({ place, batch }, { options, parameters, dropout }) => {
    const own = parameters(place.name);
    const states = options.dropout > 0 ? dropout(forBatch(own, batch), options.dropout) : own;
    return { part: partOf(place, options.part), states };
  },
  /** For each stream: n · h, deep L · n · h; n length, h hidden size, L layers. */
  parameterCount: ({ streams }, { length, part, deep }) =>
    streams
      .filter(({ name }) => name === 'fused' || part === 'both' || name === part)
      .reduce((sum, { hiddenSize, layers }) => sum + (deep ? layers : 1) * length * hiddenSize, 0),
});
