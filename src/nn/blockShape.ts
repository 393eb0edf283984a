import type { AttentionSites } from './multiHeadAttention.js';
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
  { sites, attentionNorm, outputNorm, cross }: TransformerBlock,
  width: number,
  weight: Initializer,
): ParameterSpec[] {
  const parametersOf = (site: LinearSite) => siteParameters(site, weight);
  const attentionOf = ({ query, key, value, attentionOutput }: AttentionSites, norm: string) => [
    ...[query, key, value, attentionOutput].flatMap(parametersOf),
    ...layerNormParameters(norm, width),
  ];
  return [
    ...attentionOf(sites, attentionNorm),
    ...(cross ? attentionOf(cross.sites, cross.norm) : []),
    ...[sites.intermediate, sites.output].flatMap(parametersOf),
    ...layerNormParameters(outputNorm, width),
  ];
}

/** The sites of a transformer layer in the order in which they are computed. */
export const blockSites = ({ sites, cross }: TransformerBlock): LinearSite[] => {
  const inOrder = ({ query, key, value, attentionOutput }: AttentionSites) => [
    query,
    key,
    value,
    attentionOutput,
  ];
  return [...inOrder(sites), ...(cross ? inOrder(cross.sites) : []), sites.intermediate, sites.output];
};
