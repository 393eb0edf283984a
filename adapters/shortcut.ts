import type {
  BackboneOutput,
  BackboneShape,
  JointOutput,
  StreamOutput,
  StreamShape,
} from '../src/backbones/backbone.js';
import { linear, type Tensor, tf } from '../src/engine/index.js';
import { UsageError } from '../src/errors.js';
import { additiveMask, separateParts } from '../src/nn/index.js';
import type { ParameterLookup, ParameterSpec } from '../src/nn/parameters.js';
import { zeros } from '../src/nn/parameters.js';
import { type AdapterContext, defineAdapter, type SideCall } from './adapter.js';
import { fanInNormal, shortcutBlock, shortcutBlockParameters } from './shortcutBlock.js';

export interface ShortcutOptions {
  readonly depth: number;
  readonly reductionFactor: number;
  readonly heads: 'auto' | number;
  readonly reads: readonly string[];
  readonly fusion: 'add' | 'gate';
  readonly dropout: number;
}

const shortcutWidth = ({ hiddenSize }: StreamShape, { reductionFactor }: ShortcutOptions): number =>
  Math.max(1, Math.floor(hiddenSize / reductionFactor));

/** The largest number of heads up to the stream's that divides the width; throws UsageError where a given one doesn't. */
function shortcutHeads(stream: StreamShape, options: ShortcutOptions): number {
  const width = shortcutWidth(stream, options);
  if (options.heads !== 'auto' && width % options.heads !== 0) {
    const message = `${options.heads} heads do not divide the shortcut's width ${width}`;
    throw new UsageError({ where: '/heads', message, expected: `a divisor of ${width}, or "auto"` });
  }
  if (options.heads !== 'auto') return options.heads;
  let heads = Math.min(stream.heads, width);
  while (width % heads !== 0) heads--;
  return heads;
}

/** What the names of a stream's taps and parameters begin with. */
const prefixOf = ({ name }: StreamShape): string => (name === 'joint' ? '' : `${name}.`);

function parametersOf(
  backbone: BackboneShape,
  stream: StreamShape,
  options: ShortcutOptions,
): ParameterSpec[] {
  const [width, prefix] = [shortcutWidth(stream, options), prefixOf(stream)];
  const widthOf = (tap: string) =>
    backbone.taps.find(({ name }) => name === prefix + tap)?.width ?? stream.hiddenSize;
  const up = (name: string, size: number): ParameterSpec => ({
    name: `${prefix}${name}.weight`,
    shape: [size, width],
    initializer: zeros,
  });
  const gate = (output: string, size: number): ParameterSpec[] => [
    up(`${output}.gate`, size),
    { name: `${prefix}${output}.gate.bias`, shape: [size], initializer: zeros },
  ];
  const outputs = [
    ['hidden', stream.hiddenSize],
    ['pooled', stream.pooledSize],
  ] as const;
  return [
    ...options.reads.map((tap) => ({
      name: `${prefix}reads.${tap}.weight`,
      shape: [width, widthOf(tap)],
      initializer: fanInNormal(widthOf(tap)),
    })),
    ...Array.from({ length: options.depth }, (_, layer) =>
      shortcutBlockParameters(`${prefix}layers.${layer}`, width),
    ).flat(),
    ...outputs.flatMap(([name, size]) => [
      up(`${name}.up`, size),
      ...(options.fusion === 'gate' ? gate(name, size) : []),
    ]),
  ];
}

/** Reads that enter before a layer: the k-th of m reads enters before layer floor(k · depth / m). */
const readsBefore = ({ reads, depth }: ShortcutOptions, layer: number): readonly string[] =>
  reads.filter((_, index) => Math.floor((index * depth) / reads.length) === layer);

function attentionMask(output: StreamOutput | JointOutput, attention: SideCall['attention']): Tensor {
  const [batch, length] = output.mask.shape as [number, number];
  return additiveMask(
    attention === 'separate' && 'textLength' in output
      ? separateParts(output.mask, output.textLength)
      : tf.reshape(output.mask, [batch, 1, 1, length]),
  );
}

/** The narrow network beside one stream: [B, S, r]. */
function runShortcut(
  stream: StreamShape,
  output: StreamOutput,
  { taps, attention }: SideCall,
  { options, parameters, dropout }: AdapterContext<ShortcutOptions>,
): Tensor {
  const prefix = prefixOf(stream);
  const block = { heads: shortcutHeads(stream, options), width: shortcutWidth(stream, options) };
  const mask = attentionMask(output, attention);
  const scope = {
    parameters,
    ...(options.dropout > 0 && { hooks: { dropout: (x: Tensor) => dropout(x, options.dropout) } }),
  };
  let state: Tensor | undefined;
  for (let layer = 0; layer < options.depth; layer++) {
    for (const tap of readsBefore(options, layer)) {
      const read = linear(taps.get(prefix + tap) as Tensor, parameters(`${prefix}reads.${tap}.weight`));
      state = state ? tf.add(state, read) : read;
    }
    state = shortcutBlock(scope, `${prefix}layers.${layer}`, block, state as Tensor, mask);
  }
  return state as Tensor;
}

/** frozen + Up(state), or frozen + sigmoid(Gate(state)) · Up(state). */
function fuse(
  frozen: Tensor,
  state: Tensor,
  parameters: ParameterLookup,
  prefix: string,
  gated: boolean,
): Tensor {
  const up = linear(state, parameters(`${prefix}.up.weight`));
  if (!gated) return tf.add(frozen, up);
  const gate = tf.sigmoid(
    linear(state, parameters(`${prefix}.gate.weight`), parameters(`${prefix}.gate.bias`)),
  );
  return tf.add(frozen, tf.mul(gate, up));
}

/** A stream's output, changed by its shortcut. */
function fuseStream<Output extends StreamOutput>(
  stream: StreamShape,
  output: Output,
  call: SideCall,
  context: AdapterContext<ShortcutOptions>,
): Output {
  const { parameters, options } = context;
  const state = runShortcut(stream, output, call, context);
  const gated = options.fusion === 'gate';
  const prefix = prefixOf(stream);
  return {
    ...output,
    hidden: fuse(output.hidden, state, parameters, `${prefix}hidden`, gated),
    pooled: fuse(output.pooled, output.summary(state), parameters, `${prefix}pooled`, gated),
  };
}

function fuseOutputs(call: SideCall, context: AdapterContext<ShortcutOptions>): BackboneOutput {
  const { output } = call;
  const streamOf = (wanted: StreamShape['name']) =>
    context.backbone.streams.find(({ name }) => name === wanted) as StreamShape;
  if (output.kind === 'joint') return fuseStream(streamOf('joint'), output, call, context);
  const { text, picture } = output;
  return {
    kind: 'towers',
    ...(text && { text: fuseStream(streamOf('text'), text, call, context) }),
    ...(picture && { picture: fuseStream(streamOf('picture'), picture, call, context) }),
  };
}

/**
 * CAVL's Adapter I: a trainable block of a few narrow transformer layers beside the frozen model, and an output block
 * that fuses both. The block reads the input embeddings, or chosen taps as a ladder (Sung et al. 2022): the k-th of m
 * reads is projected down and added before layer floor(k · depth / m). The output block changes the hidden states by
 * the projected states and the pooled output by a projection of the first state; both projections start at zero, so
 * that the adapted backbone starts as the frozen one. No gradient passes through the backbone.
 */
export const shortcut = defineAdapter<ShortcutOptions>({
  kind: 'shortcut',
  description: 'A narrow network beside the backbone: no gradient passes through the backbone.',
  source:
    'CAVL, Adapter I (arXiv 2304.04399); Sung et al. 2022, LST (arXiv 2206.06522). CAVL says neither depth, width nor fusion: width h/8 and bias-free projections follow LST.',
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      depth: {
        type: 'integer',
        minimum: 1,
        default: 2,
        description: 'Transformer layers of the shortcut block.',
      },
      reductionFactor: {
        type: 'number',
        minimum: 1,
        default: 8,
        description: 'Width of the block = hidden size / reductionFactor, rounded down, at least 1.',
      },
      heads: {
        description:
          'Attention heads of the block; "auto": the most up to the backbone\'s that divide the width.',
        default: 'auto',
        anyOf: [
          { type: 'string', const: 'auto' },
          { type: 'integer', minimum: 1 },
        ],
      },
      reads: {
        type: 'array',
        items: { type: 'string' },
        minItems: 1,
        uniqueItems: true,
        default: ['hidden.0'],
        description:
          'Hidden states that the block reads, in order, spread over its layers; hidden.0 is the output of the embeddings, hidden.n that of layer n.',
      },
      fusion: {
        type: 'string',
        enum: ['add', 'gate'],
        default: 'add',
        description: 'How the block joins the frozen output: added, or added through a sigmoid gate.',
      },
      dropout: {
        type: 'number',
        minimum: 0,
        exclusiveMaximum: 1,
        default: 0,
        description: "Rate of dropout inside the block's layers while training.",
      },
    },
  },
  plan: (backbone, options) => {
    for (const stream of backbone.streams) shortcutHeads(stream, options);
    return {
      parameters: backbone.streams.flatMap((stream) => parametersOf(backbone, stream, options)),
      sites: [],
      taps: backbone.streams.flatMap((stream) => options.reads.map((tap) => prefixOf(stream) + tap)),
      unfrozen: [],
    };
  },
  side: fuseOutputs,
  /**
   * For each stream: reads · hr + depth · (12r² + 13r) + hr + pr, and hr + h + pr + p for the gates; h hidden size, p
   * pooled size, r width.
   */
  parameterCount: ({ streams }, options) =>
    streams
      .map((stream) => {
        const { hiddenSize: hidden, pooledSize: pooled } = stream;
        const width = shortcutWidth(stream, options);
        const gates = options.fusion === 'gate' ? (hidden + pooled) * (width + 1) : 0;
        const layers = options.depth * (12 * width * width + 13 * width);
        return options.reads.length * hidden * width + (hidden + pooled) * width + layers + gates;
      })
      .reduce((sum, count) => sum + count, 0),
});
