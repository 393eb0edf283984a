import type { BackboneShape, Site, SiteCall } from '../../src/backbones/backbone.js';
import { type Tensor, tf } from '../../src/engine/index.js';
import { chosenLayers, type LayerChoice, sitesOf } from './layers.js';

/** The modules of a layer that can have a bottleneck. */
export type ModuleName = 'attention' | 'ffn';

/**
 * What a bottleneck after a module reads. `houlsby`: the module's output y (Houlsby et al. 2019). `pfeiffer`:
 * LayerNorm(y + residual) (Pfeiffer et al. 2020, arXiv 2005.00247, as the `adapters` library has it).
 */
export type Variant = 'houlsby' | 'pfeiffer';

/** Schema of a Variant. */
export const variantSchema = {
  type: 'string',
  enum: ['houlsby', 'pfeiffer'],
  default: 'houlsby',
  description:
    'What the bottleneck reads: the output of the module, or LayerNorm(output + residual) (pfeiffer).',
} as const;

/** Schema of a list of modules; the adapter adds default and description. */
export const modulesSchema = {
  type: 'array',
  items: { type: 'string', enum: ['attention', 'ffn'] },
  minItems: 1,
  uniqueItems: true,
} as const;

/** The last linear layer of those modules in the chosen layers. */
export const moduleSites = (
  backbone: BackboneShape,
  layers: LayerChoice,
  modules: readonly ModuleName[],
): readonly Site[] =>
  sitesOf(
    backbone,
    chosenLayers(backbone, layers),
    modules.map((name) => `${name}.output`),
  );

/** Every stream with the number of its chosen layers. */
export function chosenStreams(backbone: BackboneShape, layers: LayerChoice) {
  const chosen = chosenLayers(backbone, layers);
  return backbone.streams.map(({ hiddenSize, layers: depth }) => ({
    hiddenSize,
    layers: chosen.filter((layer) => layer < depth).length,
  }));
}

/** The module that a site ends; the backbone gives it at `attention.output` and `ffn.output`. */
export function moduleOf({ site, module }: SiteCall): NonNullable<SiteCall['module']> {
  if (module) return module;
  throw new Error(`'${site.name}' ends no module`);
}

/**
 * What a bottleneck of that variant reads [B, S, width]. Where the backbone normalises before its modules (CLIP, ViLT),
 * no LayerNorm follows the sum, and `pfeiffer` reads y + residual.
 */
export function readAfter(call: SiteCall, variant: Variant | undefined): Tensor {
  if (variant !== 'pfeiffer') return call.output;
  const { residual, norm } = moduleOf(call);
  const sum = tf.add(call.output, residual);
  return norm?.(sum) ?? sum;
}
