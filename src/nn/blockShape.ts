import { type Initializer, layerNormParameters, type ParameterSpec, zeros } from './parameters.js';
import type { LinearSite } from './sites.js';
import type { TransformerBlock } from './transformerBlock.js';

/** Where a linear layer is: the site's name, the prefix of its parameters, its widths. */
export interface LinearPlace {
  readonly name: string;
  readonly parameter: string;
  readonly inputWidth: number;
  readonly outputWidth: number;
  readonly layer?: number;
  /** Default true. */
  readonly bias?: boolean;
}

/** The site of a linear layer. */
export const linearSite = ({ parameter, bias = true, ...place }: LinearPlace): LinearSite => ({
  ...place,
  kind: 'linear',
  weight: `${parameter}.weight`,
  ...(bias && { bias: `${parameter}.bias` }),
});

/** Weight and, where it has one, bias = 0 of a linear layer. */
export const siteParameters = (site: LinearSite, weight: Initializer): ParameterSpec[] => [
  { name: site.weight, shape: [site.outputWidth, site.inputWidth], initializer: weight },
  ...(site.bias ? [{ name: site.bias, shape: [site.outputWidth], initializer: zeros }] : []),
];

/** Every parameter of a transformer layer whose hidden states have that width. */
export function blockParameters(
  { sites, attentionNorm, outputNorm }: TransformerBlock,
  width: number,
  weight: Initializer,
): ParameterSpec[] {
  const parametersOf = (site: LinearSite) => siteParameters(site, weight);
  return [
    ...[sites.query, sites.key, sites.value, sites.attentionOutput].flatMap(parametersOf),
    ...layerNormParameters(attentionNorm, width),
    ...[sites.intermediate, sites.output].flatMap(parametersOf),
    ...layerNormParameters(outputNorm, width),
  ];
}
