import type {
  BackboneOutput,
  BackboneShape,
  FusedOutput,
  StreamOutput,
  StreamShape,
} from '../../src/backbones/backbone.js';
import { lazily } from '../../src/backbones/lazily.js';
import { changeStreams, streamPrefix } from '../../src/backbones/streams.js';
import { UsageError } from '../../src/base/errors.js';
import { linear, type Tensor, tf } from '../../src/engine/index.js';
import { additiveMask, remembered, type Scope, seenPositions } from '../../src/nn/index.js';
import { type Initializer, type ParameterSpec, zeros } from '../../src/nn/parameters.js';
import type { AdapterContext, SideCall } from '../adapter.js';
import { fanInNormal } from './sideBlock.js';

/** How a side network joins the frozen output. */
export type Fusion = 'add' | 'gate' | 'replace';

/** What every side network of transformer layers has as options. */
export interface SideOptions {
  readonly reductionFactor: number;
  readonly heads: 'auto' | number;
  readonly fusion: Fusion;
  readonly dropout: number;
}

/** Schemas of those options that mean the same in every side network. */
export const sideProperties = {
  heads: {
    description:
      'Attention heads of its layers; "auto": the most up to the backbone\'s that divide the width.',
    default: 'auto',
    anyOf: [
      { type: 'string', const: 'auto' },
      { type: 'integer', minimum: 1, maximum: 1024 },
    ],
  },
  dropout: {
    type: 'number',
    minimum: 0,
    exclusiveMaximum: 1,
    default: 0,
    description: 'Rate of dropout inside its layers while training.',
  },
} as const;

/** A width of the backbone divided by the reduction factor, rounded down, at least 1. */
export const reducedWidth = (width: number, { reductionFactor }: Pick<SideOptions, 'reductionFactor'>) =>
  Math.max(1, Math.floor(width / reductionFactor));

/** Width of the network beside a stream. */
export const sideWidth = ({ hiddenSize }: StreamShape, options: SideOptions): number =>
  reducedWidth(hiddenSize, options);

/** The most heads up to the stream's that divide the width; throws UsageError where a given number doesn't. */
export function sideHeads(kind: string, stream: StreamShape, options: SideOptions): number {
  const width = sideWidth(stream, options);
  if (options.heads !== 'auto' && width % options.heads !== 0) {
    const message = `${options.heads} heads do not divide the ${kind}'s width ${width}`;
    throw new UsageError({ where: '/heads', message, expected: `a divisor of ${width}, or "auto"` });
  }
  if (options.heads !== 'auto') return options.heads;
  let heads = Math.min(stream.heads, width);
  while (width % heads !== 0) heads--;
  return heads;
}

/** What the names of a stream's taps and parameters begin with. */
export const prefixOf = ({ name }: StreamShape): string => streamPrefix(name);

/** Projection of a tap of a stream down to the network, without bias. */
export const downParameter = (
  name: string,
  width: number,
  tapWidth: number,
  start: Initializer = fanInNormal(tapWidth),
): ParameterSpec => ({ name: `${name}.weight`, shape: [width, tapWidth], initializer: start });

/** Projections up to the hidden states and the pooled output; those that add to frozen values start at zero. */
export function outputParameters(stream: StreamShape, width: number, fusion: Fusion): ParameterSpec[] {
  const start = fusion === 'replace' ? fanInNormal(width) : zeros;
  const outputs = [
    [`${prefixOf(stream)}hidden`, stream.hiddenSize],
    [`${prefixOf(stream)}pooled`, stream.pooledSize],
  ] as const;
  return outputs.flatMap(([output, size]) => [
    { name: `${output}.up.weight`, shape: [size, width], initializer: start },
    ...(fusion === 'gate'
      ? [
          { name: `${output}.gate.weight`, shape: [size, width], initializer: zeros },
          { name: `${output}.gate.bias`, shape: [size], initializer: zeros },
        ]
      : []),
  ]);
}

/** Number of these parameters: (h + p) · r, and (h + p) · (r + 1) more with gates. */
export function outputSize({ hiddenSize, pooledSize }: StreamShape, width: number, fusion: Fusion): number {
  const outputs = hiddenSize + pooledSize;
  return outputs * width + (fusion === 'gate' ? outputs * (width + 1) : 0);
}

/** What is added to the scores of the network's layers: padding, text and picture apart, later positions of causal ones. */
export function sideMask(
  output: StreamOutput | FusedOutput,
  attention: SideCall['attention'],
  causal = false,
): Tensor {
  if (causal) return additiveMask(seenPositions(output.mask, 'causal'));
  return attention === 'separate' && 'textLength' in output
    ? additiveMask(seenPositions(output.mask, 'separate', output.textLength))
    : additiveMask(seenPositions(output.mask, 'joint'));
}

/** The parameters and dropout of an adapter as its layers read them. */
export const scopeOf = ({ options, parameters, dropout }: AdapterContext<SideOptions>): Scope => ({
  parameters,
  ...(options.dropout > 0 && { hooks: { dropout: (x: Tensor) => dropout(x, options.dropout) } }),
});

/** frozen + Up(state), frozen + sigmoid(Gate(state)) · Up(state), or Up(state) alone. */
function fuse(
  frozen: Tensor,
  state: Tensor,
  { parameters, options }: AdapterContext<SideOptions>,
  name: string,
): Tensor {
  const up = linear(state, parameters(`${name}.up.weight`));
  if (options.fusion === 'replace') return up;
  if (options.fusion === 'add') return tf.add(frozen, up);
  const gate = tf.sigmoid(linear(state, parameters(`${name}.gate.weight`), parameters(`${name}.gate.bias`)));
  return tf.add(frozen, tf.mul(gate, up));
}

/** Computes the network beside one stream: its last states [B, S, r]. */
export type SideRun = (stream: StreamShape, output: StreamOutput | FusedOutput) => Tensor;

/**
 * The output of the backbone, changed by a network beside each of its streams: hidden states by projected states, the
 * pooled output by a projection of the state at the position that it is made from. What nobody reads is not computed.
 */
export function fuseStreams(
  { output }: SideCall,
  context: AdapterContext<SideOptions>,
  run: SideRun,
): BackboneOutput {
  const { streams }: BackboneShape = context.backbone;
  return changeStreams(output, (of, name) => {
    const stream = streams.find((one) => one.name === name) as StreamShape;
    const [state, prefix] = [remembered(() => run(stream, of)), prefixOf(stream)];
    return lazily(of, {
      hidden: () => fuse(of.hidden, state(), context, `${prefix}hidden`),
      pooled: () => fuse(of.pooled, of.summary(state()), context, `${prefix}pooled`),
    }) as typeof of;
  });
}
