import type { LayerDesign } from '../../src/backbones/backbone.js';
import type { Tensor } from '../../src/engine/index.js';
import {
  type BlockSites,
  type LinearSite,
  preNormBlock,
  type Scope,
  transformerBlock,
} from '../../src/nn/index.js';
import {
  type Initializer,
  layerNormParameters,
  linearParameters,
  normal,
  type ParameterSpec,
} from '../../src/nn/parameters.js';

/** One transformer layer of a side network. */
export interface SideBlock extends Pick<LayerDesign, 'normalises' | 'epsilon' | 'activation'> {
  readonly width: number;
  readonly intermediateWidth: number;
  readonly heads: number;
}

/** Normal with deviation 1 / sqrt(inputs): keeps the scale of a signal at any width, also at very narrow ones. */
export const fanInNormal = (inputs: number): Initializer => normal(1 / Math.sqrt(inputs));

const linearNames = ['query', 'key', 'value', 'attentionOutput', 'intermediate', 'output'] as const;

const inputWidthOf = ({ width, intermediateWidth }: SideBlock, name: keyof BlockSites): number =>
  name === 'output' ? intermediateWidth : width;

const outputWidthOf = ({ width, intermediateWidth }: SideBlock, name: keyof BlockSites): number =>
  name === 'intermediate' ? intermediateWidth : width;

/** Parameters of one layer: 4r² + 2rf + 9r + f with r its width, f the width of its feed-forward part. */
export const sideBlockParameters = (prefix: string, block: SideBlock): ParameterSpec[] => [
  ...linearNames.flatMap((name) => {
    const inputs = inputWidthOf(block, name);
    return linearParameters(`${prefix}.${name}`, inputs, outputWidthOf(block, name), fanInNormal(inputs));
  }),
  ...['attentionNorm', 'outputNorm'].flatMap((name) => layerNormParameters(`${prefix}.${name}`, block.width)),
];

/** Number of these parameters. */
export const sideBlockSize = ({ width: r, intermediateWidth: f }: SideBlock): number =>
  4 * r * r + 2 * r * f + 9 * r + f;

/**
 * One layer of a side network.
 * @param x [B, S, width]
 * @param mask added to the scores, broadcasts to [B, heads, S, S]
 * @returns [B, S, width]
 */
export function sideBlock(scope: Scope, prefix: string, block: SideBlock, x: Tensor, mask: Tensor): Tensor {
  const site = (name: keyof BlockSites): LinearSite => ({
    name: `${prefix}.${name}`,
    kind: 'linear',
    inputWidth: inputWidthOf(block, name),
    outputWidth: outputWidthOf(block, name),
    weight: `${prefix}.${name}.weight`,
    bias: `${prefix}.${name}.bias`,
  });
  const sites = Object.fromEntries(linearNames.map((name) => [name, site(name)])) as unknown as BlockSites;
  const norms = { attentionNorm: `${prefix}.attentionNorm`, outputNorm: `${prefix}.outputNorm` };
  const run = block.normalises === 'before' ? preNormBlock : transformerBlock;
  return run(scope, { ...block, sites, ...norms }, x, mask);
}
