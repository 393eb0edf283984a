import type { BackboneShape } from '../src/backbones/backbone.js';
import { addTo } from '../src/engine/index.js';
import { normal } from '../src/nn/parameters.js';
import { defineAdapter } from './adapter.js';
import { hubFormat } from './formats/adapterHub/adapterHub.js';
import { residualSwitch } from './formats/adapterHub/hubSwitches.js';
import { layerNormsOf, layersSchema } from './parts/layers.js';
import {
  bottleneckChange,
  bottleneckCount,
  bottleneckParameters,
  type LinearBottleneckOptions,
  learnedScaleSchema,
  linearHubParts,
  scaleSchema,
} from './parts/linearBottleneck.js';
import {
  chosenStreams,
  type ModuleName,
  moduleSites,
  modulesSchema,
  readAfter,
  type Variant,
  variantSchema,
} from './parts/modules.js';
import { activationSchema, dropoutSchema, reductionFactorSchema, widthSchema } from './parts/sizes.js';

export interface BottleneckOptions extends LinearBottleneckOptions {
  /** Absent in folders that were written before the option was there: `houlsby`. */
  readonly variant?: Variant;
  readonly sites: 'auto' | readonly ModuleName[];
  readonly trainLayerNorm: boolean;
}

const modulesOf = ({ sites, variant }: BottleneckOptions): readonly ModuleName[] => {
  if (sites !== 'auto') return sites;
  return variant === 'pfeiffer' ? ['ffn'] : ['attention', 'ffn'];
};

const sitesFor = (backbone: BackboneShape, options: BottleneckOptions) =>
  moduleSites(backbone, options.layers, modulesOf(options));

const parametersFor = (backbone: BackboneShape, options: BottleneckOptions) =>
  sitesFor(backbone, options).flatMap((site) => bottleneckParameters(site, options, () => normal(0.02)));

/**
 * y + scale * Up(activation(Down(z))) on the outputs y of the attention and feed-forward modules, before residual and
 * LayerNorm. z is y itself (`houlsby`, which is CAVL's Adapter II), or LayerNorm(y + residual), with the LayerNorm that
 * then reads the changed y once more (`pfeiffer`). Where the backbone normalises before its modules (CLIP, ViLT) nothing
 * follows the sum, and `pfeiffer` reads y + residual, as the `adapters` library does there. Up starts at zero, so that
 * the adapted backbone starts as the frozen one; Houlsby et al. and the library draw it near zero.
 */
export const bottleneck = defineAdapter<BottleneckOptions>({
  kind: 'bottleneck',
  description:
    'Small bottlenecks inside the layers: strong with few parameters, trains through the backbone.',
  source:
    'CAVL, Adapter II (arXiv 2304.04399); Houlsby et al. 2019 (arXiv 1902.00751), figure 2; variant pfeiffer: Pfeiffer et al. 2020 (arXiv 2005.00247), seq_bn of the adapters library. CAVL does not say the width: 16 is the reduction factor of Houlsby-style adapters.',
  learningRate: 1e-3,
  // Houlsby et al. 2019, section 3.1: 3e-5 to 3e-3.
  usualLearningRate: { low: 3e-5, high: 3e-3 },
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      layers: layersSchema,
      variant: variantSchema,
      sites: {
        description:
          'Modules of each layer whose output gets a bottleneck; "auto": both, with pfeiffer the feed-forward part alone.',
        default: 'auto',
        anyOf: [{ type: 'string', const: 'auto' }, modulesSchema],
      },
      reductionFactor: reductionFactorSchema(16),
      width: widthSchema,
      activation: activationSchema('gelu'),
      dropout: dropoutSchema,
      scale: scaleSchema(1),
      learnedScale: learnedScaleSchema,
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
      parameters: parametersFor(backbone, options),
      sites: sites.map(({ name }) => name),
      taps: [],
      unfrozen: options.trainLayerNorm ? layerNormsOf(backbone, sites) : [],
    };
  },
  apply: (call, context) => {
    const read = readAfter(call, context.options.variant);
    return addTo(call.output, bottleneckChange(read, call.site, context));
  },
  /** For each stream: layers · (modules · (2hr + r + h + 1 if the factor is learned) + 4h for the two LayerNorms). */
  parameterCount: (backbone, options) => {
    const norms = chosenStreams(backbone, options.layers).map(
      ({ hiddenSize, layers }) => 4 * hiddenSize * layers,
    );
    return [...(options.trainLayerNorm ? norms : [])].reduce(
      (sum, count) => sum + count,
      bottleneckCount(backbone, options, modulesOf(options).length),
    );
  },
  formats: [
    hubFormat<BottleneckOptions>({
      accepts: ({ phm_layer: isPhm, is_parallel: isParallel }) => !isPhm && !isParallel,
      required: residualSwitch,
      options: (shared) => ({ ...shared, trainLayerNorm: false }),
      parameters: parametersFor,
      parts: linearHubParts,
    }),
  ],
});
