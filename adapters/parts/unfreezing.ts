import type { BackboneShape } from '../../src/backbones/backbone.js';
import { countParameters } from '../../src/nn/parameters.js';
import type { AdapterPlan } from '../adapter.js';
import { chosenLayers, type LayerChoice } from './layers.js';

/** Schema of the layers whose parameters train. */
export const trainedLayersSchema = {
  description:
    'Layers whose parameters train, the first being 0; "all": those outside the layers too (embeddings, pooler).',
  default: 'all',
  anyOf: [
    { type: 'string', const: 'all' },
    {
      type: 'array',
      items: { type: 'integer', minimum: 0, maximum: 511 },
      minItems: 1,
      maxItems: 512,
      uniqueItems: true,
    },
  ],
} as const;

/**
 * Names of the wanted backbone parameters, of the chosen layers alone or with "all" of the whole backbone; throws
 * UsageError with every layer that the backbone does not have.
 */
export function backboneParameters(
  backbone: BackboneShape,
  layers: LayerChoice,
  isWanted: (name: string) => boolean,
): readonly string[] {
  const chosen = chosenLayers(backbone, layers);
  const prefixes = backbone.layerPlaces
    .filter(({ layer }) => chosen.includes(layer))
    .map(({ parameterPrefix }) => parameterPrefix);
  return backbone.parameters
    .map(({ name }) => name)
    .filter((name) => isWanted(name))
    .filter((name) => layers === 'all' || prefixes.some((prefix) => name.startsWith(prefix)));
}

/** The plan of a method that adds nothing and trains those backbone parameters. */
export const unfreezing = (unfrozen: readonly string[]): AdapterPlan => ({
  parameters: [],
  sites: [],
  taps: [],
  unfrozen,
});

/** Elements of those backbone parameters. */
export function countOf({ parameters }: BackboneShape, names: readonly string[]): number {
  const wanted = new Set(names);
  return countParameters(parameters.filter(({ name }) => wanted.has(name)));
}
