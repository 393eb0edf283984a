import type { BackboneShape } from '../src/backbones/backbone.js';
import { type Problem, UsageError } from '../src/base/errors.js';
import { type ActivationName, activation, addTo } from '../src/engine/index.js';
import { normal, type ParameterSpec } from '../src/nn/parameters.js';
import { defineAdapter } from './adapter.js';
import { hubFormat } from './formats/adapterHub/adapterHub.js';
import { countOf, residualSwitch } from './formats/adapterHub/hubSwitches.js';
import { layersSchema } from './parts/layers.js';
import {
  chosenStreams,
  type ModuleName,
  moduleSites,
  modulesSchema,
  readAfter,
  type Variant,
  variantSchema,
} from './parts/modules.js';
import { type PhmSizes, phmLinear, phmParameters } from './parts/phmLayer.js';
import { activationSchema, type BottleneckSizes, dropoutSchema, widthSchema } from './parts/sizes.js';

export interface CompacterOptions extends BottleneckSizes, PhmSizes {
  readonly variant: Variant;
  readonly sites: readonly ModuleName[];
  readonly activation: ActivationName;
  readonly dropout: number;
}

/** h / reductionFactor, rounded down to a multiple of n, at least n; or `width`. */
const widthFor = (size: number, { width, reductionFactor, phmDimension: n }: CompacterOptions): number =>
  width === 'auto' ? Math.max(n, Math.floor(size / reductionFactor / n) * n) : width;

const sitesFor = (backbone: BackboneShape, { layers, sites }: CompacterOptions) =>
  moduleSites(backbone, layers, sites);

/** Both sides of every layer must be whole multiples of n. */
function checkSizes(backbone: BackboneShape, { phmDimension: n, width }: CompacterOptions): void {
  const problems: Problem[] = backbone.streams
    .filter(({ hiddenSize }) => hiddenSize % n !== 0)
    .map(({ hiddenSize }) => ({
      where: '/phmDimension',
      message: `the hidden size ${hiddenSize} is not a multiple of ${n}`,
      expected: 'a divisor of the hidden size, 4 in the paper',
    }));
  if (width !== 'auto' && width % n !== 0) {
    const expected = `a multiple of phmDimension, ${n}`;
    problems.push({ where: '/width', message: `a width of ${width}`, expected });
  }
  if (problems.length > 0) throw new UsageError(problems);
}

function parametersFor(backbone: BackboneShape, options: CompacterOptions): ParameterSpec[] {
  checkSizes(backbone, options);
  const n = options.phmDimension;
  return [
    { name: 'rule', shape: [n, n, n], initializer: normal(1e-4) },
    ...sitesFor(backbone, options).flatMap(({ name, outputWidth: hidden }) => {
      const width = widthFor(hidden, options);
      return [
        ...phmParameters(`${name}.down`, hidden, width, options),
        ...phmParameters(`${name}.up`, width, hidden, options),
      ];
    }),
  ];
}

/**
 * Bottlenecks whose matrices are sums of Kronecker products: W = the sum over i of A_i (x) (s_i t_i), A shared by all
 * bottlenecks, s_i t_i of low rank (Karimi Mahabadi et al. 2021, eq. 4 and 5). They sit where `bottleneck` sits. s and t
 * start as Glorot's uniform draw, A near zero (deviation 0.0001), as in the authors' and the library's configurations:
 * training starts from the frozen model to within rounding. The authors train the LayerNorms too: add `layernorm`.
 */
export const compacter = defineAdapter<CompacterOptions>({
  kind: 'compacter',
  description:
    'Bottlenecks of sums of Kronecker products: far fewer parameters than bottlenecks of the same width.',
  source:
    'Karimi Mahabadi et al. 2021 (arXiv 2106.04647), section 4; with sites ["ffn"] it is Compacter++. The adapters library has 32 as its reduction factor.',
  learningRate: 3e-3,
  // Karimi Mahabadi et al. 2021: 3e-3.
  usualLearningRate: { low: 3e-4, high: 1e-2 },
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      layers: layersSchema,
      variant: variantSchema,
      sites: {
        ...modulesSchema,
        default: ['attention', 'ffn'],
        description: 'Modules of each layer whose output gets a bottleneck; ["ffn"] is Compacter++.',
      },
      reductionFactor: {
        type: 'number',
        minimum: 1,
        maximum: 131072,
        default: 32,
        description:
          'Width of the bottleneck = hidden size / reductionFactor, rounded down to a multiple of phmDimension, at least that.',
      },
      width: widthSchema,
      phmDimension: {
        type: 'integer',
        minimum: 1,
        maximum: 1024,
        default: 4,
        description: 'Kronecker products in each sum, n of the paper; it divides hidden size and width.',
      },
      rank: {
        type: 'integer',
        minimum: 1,
        maximum: 16384,
        default: 1,
        description: 'Rank of the second factor of each product.',
      },
      activation: activationSchema('gelu'),
      dropout: dropoutSchema,
    },
  },
  plan: (backbone, options) => ({
    parameters: parametersFor(backbone, options),
    sites: sitesFor(backbone, options).map(({ name }) => name),
    taps: [],
    unfrozen: [],
  }),
  apply: (call, { options, parameters, dropout }) => {
    const layer = (x: typeof call.output, part: string) =>
      phmLinear(x, `${call.site.name}.${part}`, parameters('rule'), parameters);
    const down = layer(readAfter(call, options.variant), 'down');
    const inner = dropout(activation(options.activation)(down), options.dropout);
    return addTo(call.output, layer(inner, 'up'));
  },
  /** n³, and for each stream: layers · modules · (2 rank (h + r) + r + h). */
  parameterCount: (backbone, options) =>
    chosenStreams(backbone, options.layers).reduce((sum, { hiddenSize: hidden, layers }) => {
      const width = widthFor(hidden, options);
      const one = 2 * options.rank * (hidden + width) + width + hidden;
      return sum + layers * options.sites.length * one;
    }, options.phmDimension ** 3),
  formats: [
    hubFormat<CompacterOptions>({
      accepts: ({ phm_layer: isPhm, is_parallel: isParallel }) => isPhm === true && !isParallel,
      required: (switches) => ({
        ...residualSwitch(switches),
        scaling: [1],
        learn_phm: [true],
        phm_bias: [true],
        shared_phm_rule: [true],
        factorized_phm_rule: [false],
        shared_W_phm: [false],
        factorized_phm_W: [true],
      }),
      options: ({ scale: _scale, learnedScale: _learned, ...shared }, switches, problems) => ({
        ...shared,
        phmDimension: countOf(switches, 'phm_dim', problems),
        rank: countOf(switches, 'phm_rank', problems),
      }),
      parameters: parametersFor,
      parts: {
        'adapter_down.0.W_left': 'down.left',
        'adapter_down.0.W_right': 'down.right',
        'adapter_down.0.b': 'down.bias',
        'adapter_up.W_left': 'up.left',
        'adapter_up.W_right': 'up.right',
        'adapter_up.b': 'up.bias',
      },
      shared: { phm_rule: 'rule' },
    }),
  ],
});
