import type { BackboneShape, LayerPlace, Site } from '../../src/backbones/backbone.js';
import { layerCount } from '../../src/backbones/streams.js';
import { type Problem, UsageError } from '../../src/base/errors.js';

/** Which layers of the backbone an adapter sits in: 0-based, or all. */
export type LayerChoice = 'all' | readonly number[];

/** Schema of a LayerChoice. */
export const layersSchema = {
  description: 'Layers of the backbone that get the adapter: "all", or a list, the first layer being 0.',
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

/** The chosen layers in ascending order; throws UsageError with every layer that the backbone does not have. */
export function chosenLayers(backbone: BackboneShape, layers: LayerChoice): readonly number[] {
  const count = layerCount(backbone);
  if (layers === 'all') return Array.from({ length: count }, (_, layer) => layer);
  const problems = layers.flatMap((layer, index): Problem[] =>
    layer < count
      ? []
      : [
          {
            where: `/layers/${index}`,
            message: `the backbone has no layer ${layer}`,
            expected: `0 to ${count - 1}`,
          },
        ],
  );
  if (problems.length > 0) throw new UsageError(problems);
  return [...layers].sort((a, b) => a - b);
}

/** The sites of those layers whose names end in one of `endings`, in the backbone's order. */
export const sitesOf = (
  { sites }: BackboneShape,
  layers: readonly number[],
  endings: readonly string[],
): readonly Site[] =>
  sites.filter(
    ({ name, layer }) =>
      layer !== undefined && layers.includes(layer) && endings.some((ending) => name.endsWith(`.${ending}`)),
  );

/** Whether a backbone parameter is the scale or the shift of a LayerNorm. */
export const isLayerNorm = (name: string): boolean => /norm[^.]*\.(weight|bias)$/i.test(name);

/** Names of the scales and shifts of the LayerNorms inside the layers of those sites. */
export function layerNormsOf({ parameters }: BackboneShape, sites: readonly Site[]): readonly string[] {
  const prefixes = sites.map(({ weight, layer }) => weight?.match(`^.*?\\.${layer}\\.`)?.[0]);
  return parameters
    .map(({ name }) => name)
    .filter((name) => isLayerNorm(name) && prefixes.some((prefix) => prefix && name.startsWith(prefix)));
}

/** Which of two towers. */
export type TowerChoice = 'text' | 'picture' | 'both';

/** The chosen layers of the chosen towers, or of the one stream that there is; throws UsageError as `chosenLayers`. */
export function placesOf(
  backbone: BackboneShape,
  towers: TowerChoice,
  layers: LayerChoice,
): readonly LayerPlace[] {
  const isChosen = (stream: LayerPlace['stream']) =>
    stream === 'fused' || towers === 'both' || stream === towers;
  const streams = backbone.streams.filter(({ name }) => isChosen(name));
  const chosen = chosenLayers({ ...backbone, streams }, layers);
  return backbone.layerPlaces.filter(({ stream, layer }) => isChosen(stream) && chosen.includes(layer));
}
