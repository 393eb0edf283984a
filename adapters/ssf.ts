import type { BackboneShape, Site } from '../src/backbones/backbone.js';
import { float32, type HostTensor } from '../src/base/hostTensor.js';
import { tf } from '../src/engine/index.js';
import { ones, zeros } from '../src/nn/parameters.js';
import { defineAdapter } from './adapter.js';
import { sitePatternsSchema, sitesMatching } from './parts/sitePatterns.js';

export interface SsfOptions {
  readonly sites: readonly string[];
}

/** A shift needs a bias to be folded into; that of a key adds the same to all scores of a query, which softmax takes off. */
const isShifted = ({ name, bias }: Site): boolean => bias !== undefined && !name.endsWith('attention.key');

/**
 * SSF: scale * y + shift on the outputs y of linear layers, equation 1 of the paper. Both start as the identity; the paper
 * draws them close to it. It acts after LayerNorms too; here they are left alone, for `layernorm` trains the same.
 */
export const ssf = defineAdapter<SsfOptions>({
  kind: 'ssf',
  description:
    'A learned scale and shift for each channel of linear layers: few parameters, none once merged.',
  source: 'SSF, Lian et al. 2022 (arXiv 2210.08823), equation 1; merging: equation 3',
  learningRate: 3e-3,
  // Lian et al. 2022: 1e-3 to 1e-2.
  usualLearningRate: { low: 3e-4, high: 2e-2 },
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      sites: { ...sitePatternsSchema, default: ['attention.{query,key,value,output}', 'ffn.*'] },
    },
  },
  plan: (backbone, { sites: patterns }) => {
    const sites = sitesMatching(backbone, patterns);
    return {
      parameters: sites.flatMap((site) => [
        { name: `${site.name}.scale`, shape: [site.outputWidth], initializer: ones },
        ...(isShifted(site)
          ? [{ name: `${site.name}.shift`, shape: [site.outputWidth], initializer: zeros }]
          : []),
      ]),
      sites: sites.map(({ name }) => name),
      taps: [],
      unfrozen: [],
    };
  },
  apply: ({ site, output }, { parameters }) => {
    const scaled = tf.mul(output, parameters(`${site.name}.scale`));
    return isShifted(site) ? tf.add(scaled, parameters(`${site.name}.shift`)) : scaled;
  },
  merge: ({ options, backbone, parameters, weights }) =>
    new Map(
      sitesMatching(backbone, options.sites).flatMap((site): [string, HostTensor][] => {
        const scale = parameters(`${site.name}.scale`).data;
        const rows = ({ shape, data }: HostTensor, width: number) =>
          float32(
            shape,
            Float32Array.from(data, (value, i) => value * scale[Math.floor(i / width)]!),
          );
        const weight = rows(weights(site.weight as string), site.inputWidth);
        if (!site.bias) return [[site.weight as string, weight]];
        const bias = rows(weights(site.bias), 1);
        const shift = isShifted(site) ? parameters(`${site.name}.shift`).data : undefined;
        const shifted = Float32Array.from(bias.data, (value, i) => value + (shift?.[i] ?? 0));
        return [
          [site.weight as string, weight],
          [site.bias, float32(bias.shape, shifted)],
        ];
      }),
    ),
  /** Outputs of the sites, twice where they are shifted. */
  parameterCount: (backbone: BackboneShape, { sites }) =>
    sitesMatching(backbone, sites).reduce(
      (sum, site) => sum + site.outputWidth * (site.bias && !site.name.endsWith('.key') ? 2 : 1),
      0,
    ),
});
