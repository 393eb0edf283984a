import type { BackboneShape, Site } from '../src/backbones/backbone.js';
import { type ActivationName, activation, linear, tf } from '../src/engine/index.js';
import { linearParameters, normal, type ParameterSpec, zeros } from '../src/nn/parameters.js';
import { defineAdapter } from './adapter.js';
import { chosenLayers, type LayerChoice, layerNormsOf, layersSchema, sitesOf } from './layers.js';

export interface BottleneckOptions {
  readonly layers: LayerChoice;
  readonly sites: readonly ('attention' | 'ffn')[];
  readonly reductionFactor: number;
  readonly width: 'auto' | number;
  readonly activation: ActivationName;
  readonly dropout: number;
  readonly trainLayerNorm: boolean;
}

const bottleneckWidth = (size: number, { width, reductionFactor }: BottleneckOptions): number =>
  width === 'auto' ? Math.max(1, Math.floor(size / reductionFactor)) : width;

const sitesFor = (backbone: BackboneShape, options: BottleneckOptions): readonly Site[] =>
  sitesOf(
    backbone,
    chosenLayers(backbone, options.layers),
    options.sites.map((part) => `${part}.output`),
  );

function parametersAt({ name, outputWidth }: Site, options: BottleneckOptions): ParameterSpec[] {
  const width = bottleneckWidth(outputWidth, options);
  return [
    ...linearParameters(`${name}.down`, outputWidth, width, normal(0.02)),
    ...linearParameters(`${name}.up`, width, outputWidth, zeros),
  ];
}

/**
 * CAVL's Adapter II: y + Up(activation(Down(y))) on the outputs y of the attention and feed-forward modules, before
 * residual and LayerNorm. Up starts at zero, so that the adapted backbone starts as the frozen one.
 */
export const bottleneck = defineAdapter<BottleneckOptions>({
  kind: 'bottleneck',
  description:
    'Small bottlenecks inside the layers: strong with few parameters, trains through the backbone.',
  source:
    'CAVL, Adapter II (arXiv 2304.04399); Houlsby et al. 2019 (arXiv 1902.00751), figure 2. CAVL does not say the width: 16 is the reduction factor of Houlsby-style adapters.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      layers: layersSchema,
      sites: {
        type: 'array',
        items: { type: 'string', enum: ['attention', 'ffn'] },
        minItems: 1,
        uniqueItems: true,
        default: ['attention', 'ffn'],
        description: 'Modules of each layer whose output goes through a bottleneck.',
      },
      reductionFactor: {
        type: 'number',
        minimum: 1,
        default: 16,
        description: 'Width of the bottleneck = hidden size / reductionFactor, rounded down, at least 1.',
      },
      width: {
        description: 'Width of the bottleneck; "auto" follows reductionFactor.',
        default: 'auto',
        anyOf: [
          { type: 'string', const: 'auto' },
          { type: 'integer', minimum: 1 },
        ],
      },
      activation: {
        type: 'string',
        enum: ['gelu', 'gelu_new', 'quick_gelu', 'relu', 'silu', 'tanh'],
        default: 'gelu',
        description: 'Function between the two linear layers.',
      },
      dropout: {
        type: 'number',
        minimum: 0,
        exclusiveMaximum: 1,
        default: 0,
        description: 'Rate of dropout on the bottleneck, after its activation, while training.',
      },
      trainLayerNorm: {
        type: 'boolean',
        default: false,
        description: 'Whether the LayerNorms of those layers train too.',
      },
    },
  },
  plan: (backbone, options) => {
    const sites = sitesFor(backbone, options);
    return {
      parameters: sites.flatMap((site) => parametersAt(site, options)),
      sites: sites.map(({ name }) => name),
      taps: [],
      unfrozen: options.trainLayerNorm ? layerNormsOf(backbone, sites) : [],
    };
  },
  apply: ({ site, output }, { options, parameters, dropout }) => {
    const parameter = (part: string) => parameters(`${site.name}.${part}`);
    const down = linear(output, parameter('down.weight'), parameter('down.bias'));
    const inner = dropout(activation(options.activation)(down), options.dropout);
    return tf.add(output, linear(inner, parameter('up.weight'), parameter('up.bias')));
  },
  /** For each stream: layers · (modules · (2hr + r + h) + 4h for the two LayerNorms), h hidden size, r width. */
  parameterCount: (backbone, options) => {
    const chosen = chosenLayers(backbone, options.layers);
    return backbone.streams
      .map(({ hiddenSize: hidden, layers }) => {
        const width = bottleneckWidth(hidden, options);
        const oneSite = 2 * hidden * width + width + hidden;
        const norms = options.trainLayerNorm ? 4 * hidden : 0;
        return chosen.filter((layer) => layer < layers).length * (options.sites.length * oneSite + norms);
      })
      .reduce((sum, count) => sum + count, 0);
  },
});
