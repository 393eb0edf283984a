import type { BackboneOutput, BackboneShape } from '../src/backbones/backbone.js';
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

const shortcutWidth = ({ hiddenSize }: BackboneShape, { reductionFactor }: ShortcutOptions): number =>
  Math.max(1, Math.floor(hiddenSize / reductionFactor));

/** The largest number of heads up to the backbone's that divides the width; throws UsageError where a given one doesn't. */
function shortcutHeads(backbone: BackboneShape, options: ShortcutOptions): number {
  const width = shortcutWidth(backbone, options);
  if (options.heads !== 'auto' && width % options.heads !== 0) {
    const message = `${options.heads} heads do not divide the shortcut's width ${width}`;
    throw new UsageError({ where: '/heads', message, expected: `a divisor of ${width}, or "auto"` });
  }
  if (options.heads !== 'auto') return options.heads;
  let heads = Math.min(backbone.heads, width);
  while (width % heads !== 0) heads--;
  return heads;
}

const outputs = ['hidden', 'pooled'] as const;

function parametersOf(backbone: BackboneShape, options: ShortcutOptions): ParameterSpec[] {
  const width = shortcutWidth(backbone, options);
  const widthOf = (tap: string) =>
    backbone.taps.find(({ name }) => name === tap)?.width ?? backbone.hiddenSize;
  const up = (name: string): ParameterSpec => ({
    name: `${name}.weight`,
    shape: [backbone.hiddenSize, width],
    initializer: zeros,
  });
  const gate = (output: string): ParameterSpec[] => [
    up(`${output}.gate`),
    { name: `${output}.gate.bias`, shape: [backbone.hiddenSize], initializer: zeros },
  ];
  return [
    ...options.reads.map((tap) => ({
      name: `reads.${tap}.weight`,
      shape: [width, widthOf(tap)],
      initializer: fanInNormal(widthOf(tap)),
    })),
    ...Array.from({ length: options.depth }, (_, layer) =>
      shortcutBlockParameters(`layers.${layer}`, width),
    ).flat(),
    ...outputs.flatMap((output) => [up(`${output}.up`), ...(options.fusion === 'gate' ? gate(output) : [])]),
  ];
}

/** Reads that enter before a layer: the k-th of m reads enters before layer floor(k · depth / m). */
const readsBefore = ({ reads, depth }: ShortcutOptions, layer: number): readonly string[] =>
  reads.filter((_, index) => Math.floor((index * depth) / reads.length) === layer);

const attentionMask = ({ output, attention }: SideCall): Tensor => {
  const [batch, length] = output.mask.shape as [number, number];
  return additiveMask(
    attention === 'separate'
      ? separateParts(output.mask, output.textLength)
      : tf.reshape(output.mask, [batch, 1, 1, length]),
  );
};

/** The narrow network beside the backbone: [B, S, r]. */
function runShortcut(call: SideCall, context: AdapterContext<ShortcutOptions>): Tensor {
  const { options, parameters, backbone, dropout } = context;
  const block = { heads: shortcutHeads(backbone, options), width: shortcutWidth(backbone, options) };
  const mask = attentionMask(call);
  const scope = {
    parameters,
    ...(options.dropout > 0 && { hooks: { dropout: (x: Tensor) => dropout(x, options.dropout) } }),
  };
  let state: Tensor | undefined;
  for (let layer = 0; layer < options.depth; layer++) {
    for (const tap of readsBefore(options, layer)) {
      const read = linear(call.taps.get(tap) as Tensor, parameters(`reads.${tap}.weight`));
      state = state ? tf.add(state, read) : read;
    }
    state = shortcutBlock(scope, `layers.${layer}`, block, state as Tensor, mask);
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

function fuseOutputs(output: BackboneOutput, state: Tensor, context: AdapterContext<ShortcutOptions>) {
  const { parameters, options } = context;
  const [batch, , width] = state.shape as [number, number, number];
  const first = tf.reshape(tf.slice(state, [0, 0, 0], [batch, 1, width]), [batch, width]);
  const gated = options.fusion === 'gate';
  return {
    ...output,
    hidden: fuse(output.hidden, state, parameters, 'hidden', gated),
    pooled: fuse(output.pooled, first, parameters, 'pooled', gated),
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
    shortcutHeads(backbone, options);
    return { parameters: parametersOf(backbone, options), sites: [], taps: options.reads, unfrozen: [] };
  },
  side: (call, context) => fuseOutputs(call.output, runShortcut(call, context), context),
  /** reads · hr + depth · (12r² + 13r) + 2 · hr, and 2 · (hr + h) for the gates; h hidden size, r width. */
  parameterCount: (backbone, options) => {
    const hidden = backbone.hiddenSize;
    const width = shortcutWidth(backbone, options);
    const gates = options.fusion === 'gate' ? 2 * (hidden * width + hidden) : 0;
    const layers = options.depth * (12 * width * width + 13 * width);
    return (options.reads.length + 2) * hidden * width + layers + gates;
  },
});
