import type { Tensor } from '../src/engine/index.js';
import { type BlockSites, type LinearSite, type Scope, transformerBlock } from '../src/nn/index.js';
import {
  type Initializer,
  layerNormParameters,
  linearParameters,
  normal,
  type ParameterSpec,
} from '../src/nn/parameters.js';

/** Normal with deviation 1 / sqrt(inputs): keeps the scale of a signal at any width, also at very narrow ones. */
export const fanInNormal = (inputs: number): Initializer => normal(1 / Math.sqrt(inputs));

const layerNorms = ['attentionNorm', 'outputNorm'] as const;

/** Output and input width of each linear layer, in widths of the block. */
const linearLayers: Readonly<Record<keyof BlockSites, readonly [number, number]>> = {
  query: [1, 1],
  key: [1, 1],
  value: [1, 1],
  attentionOutput: [1, 1],
  intermediate: [4, 1],
  output: [1, 4],
};

/** Parameters of one transformer layer of a given width, feed-forward part 4 times as wide: 12r² + 13r. */
export const shortcutBlockParameters = (prefix: string, width: number): ParameterSpec[] => [
  ...Object.entries(linearLayers).flatMap(([name, [outputs, inputs]]) =>
    linearParameters(`${prefix}.${name}`, inputs * width, outputs * width, fanInNormal(inputs * width)),
  ),
  ...layerNorms.flatMap((name) => layerNormParameters(`${prefix}.${name}`, width)),
];

const linearSite = (prefix: string, name: keyof BlockSites, width: number): LinearSite => ({
  name: `${prefix}.${name}`,
  kind: 'linear',
  inputWidth: linearLayers[name][1] * width,
  outputWidth: linearLayers[name][0] * width,
  weight: `${prefix}.${name}.weight`,
  bias: `${prefix}.${name}.bias`,
});

/**
 * One layer of the shortcut block: BERT's layer with GELU.
 * @param x [B, S, width]
 * @param mask added to the scores, broadcasts to [B, heads, S, S]
 * @returns [B, S, width]
 */
export function shortcutBlock(
  scope: Scope,
  prefix: string,
  { heads, width }: { readonly heads: number; readonly width: number },
  x: Tensor,
  mask: Tensor,
): Tensor {
  const site = (name: keyof BlockSites) => linearSite(prefix, name, width);
  const sites: BlockSites = {
    query: site('query'),
    key: site('key'),
    value: site('value'),
    attentionOutput: site('attentionOutput'),
    intermediate: site('intermediate'),
    output: site('output'),
  };
  const norms = { attentionNorm: `${prefix}.attentionNorm`, outputNorm: `${prefix}.outputNorm` };
  return transformerBlock(scope, { sites, ...norms, heads, epsilon: 1e-5, activation: 'gelu' }, x, mask);
}
