import type { BackboneShape } from '../src/backbones/backbone.js';
import { addTo } from '../src/engine/index.js';
import type { Initializer } from '../src/nn/parameters.js';
import { defineAdapter } from './adapter.js';
import { hubFormat } from './formats/adapterHub/adapterHub.js';
import { layersSchema } from './parts/layers.js';
import {
  bottleneckChange,
  bottleneckCount,
  bottleneckParameters,
  type LinearBottleneckOptions,
  learnedScaleSchema,
  linearHubParts,
  scaleSchema,
} from './parts/linearBottleneck.js';
import { type ModuleName, moduleOf, moduleSites, modulesSchema } from './parts/modules.js';
import { activationSchema, dropoutSchema, reductionFactorSchema, widthSchema } from './parts/sizes.js';

export interface ParallelOptions extends LinearBottleneckOptions {
  readonly sites: readonly ModuleName[];
  readonly reads: 'input' | 'residual';
}

/** Kaiming's uniform draw with a = sqrt(5): the limit is 1 / sqrt(inputs). */
const kaiming = (inputs: number): Initializer => ({ kind: 'uniform', limit: 1 / Math.sqrt(inputs) });

const sitesFor = (backbone: BackboneShape, { layers, sites }: ParallelOptions) =>
  moduleSites(backbone, layers, sites);

const parametersFor = (backbone: BackboneShape, options: ParallelOptions) =>
  sitesFor(backbone, options).flatMap((site) => bottleneckParameters(site, options, kaiming));

/**
 * y + scale * Up(activation(Down(x))): y is what a module gives, x what it read (He et al. 2022, table 1). Down and Up
 * start as in their code: Kaiming's draw, and zero. Where the backbone normalises before its modules the paper is silent:
 * x is what the module reads, behind the LayerNorm, or with `reads: "residual"` what stands before it, as the `adapters`
 * library has it.
 */
export const parallel = defineAdapter<ParallelOptions>({
  kind: 'parallel',
  description: 'A bottleneck beside the feed-forward part: strong where there is room for a wide one.',
  source:
    'He et al. 2022 (arXiv 2110.04366), table 1 and section 4: scaled parallel adapter beside the feed-forward part, ReLU, scale 4; half the hidden size as in their MAM adapter.',
  learningRate: 3e-4,
  // He et al. 2022: 5e-5 and 1e-4.
  usualLearningRate: { low: 3e-5, high: 1e-3 },
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      layers: layersSchema,
      sites: {
        ...modulesSchema,
        default: ['ffn'],
        description: 'Modules of each layer that get a bottleneck beside them.',
      },
      reads: {
        type: 'string',
        enum: ['input', 'residual'],
        default: 'input',
        description:
          'What the bottleneck reads: what the module reads, or what its output is added to; they differ where the backbone normalises first.',
      },
      reductionFactor: reductionFactorSchema(2),
      width: widthSchema,
      activation: activationSchema('relu'),
      dropout: dropoutSchema,
      scale: scaleSchema(4),
      learnedScale: learnedScaleSchema,
    },
  },
  plan: (backbone, options) => ({
    parameters: parametersFor(backbone, options),
    sites: sitesFor(backbone, options).map(({ name }) => name),
    taps: [],
    unfrozen: [],
  }),
  apply: (call, context) => {
    const read = moduleOf(call)[context.options.reads];
    return addTo(call.output, bottleneckChange(read, call.site, context));
  },
  /** For each stream: layers · modules · (2hr + r + h + 1 if the factor is learned). */
  parameterCount: (backbone, options) => bottleneckCount(backbone, options, options.sites.length),
  formats: [
    hubFormat<ParallelOptions>({
      accepts: ({ is_parallel: isParallel }) => isParallel === true,
      required: () => ({ phm_layer: [false] }),
      options: ({ variant: _variant, ...shared }) => ({ ...shared, reads: 'residual' }),
      parameters: parametersFor,
      parts: linearHubParts,
    }),
  ],
});
