import type { StreamShape } from '../src/backbones/backbone.js';
import { linear, type Tensor, tf } from '../src/engine/index.js';
import type { ParameterSpec } from '../src/nn/parameters.js';
import { type AdapterContext, defineAdapter, type SideCall } from './adapter.js';
import { type SideBlock, sideBlock, sideBlockParameters, sideBlockSize } from './parts/sideBlock.js';
import {
  downParameter,
  fuseStreams,
  outputParameters,
  outputSize,
  prefixOf,
  type SideOptions,
  type SideRun,
  scopeOf,
  sideHeads,
  sideMask,
  sideProperties,
  sideWidth,
} from './parts/sideNetwork.js';

export interface ShortcutOptions extends SideOptions {
  readonly depth: number;
  readonly reads: readonly string[];
  readonly fusion: 'add' | 'gate';
}

/** A layer of the block: BERT's with GELU, its feed-forward part 4 times as wide. */
function blockOf(stream: StreamShape, options: ShortcutOptions): SideBlock {
  const width = sideWidth(stream, options);
  const heads = sideHeads('shortcut', stream, options);
  return {
    width,
    intermediateWidth: 4 * width,
    heads,
    normalises: 'after',
    epsilon: 1e-5,
    activation: 'gelu',
  };
}

function parametersOf(stream: StreamShape, options: ShortcutOptions): ParameterSpec[] {
  const [block, prefix] = [blockOf(stream, options), prefixOf(stream)];
  return [
    ...options.reads.map((tap) => downParameter(`${prefix}reads.${tap}`, block.width, stream.hiddenSize)),
    ...Array.from({ length: options.depth }, (_, layer) =>
      sideBlockParameters(`${prefix}layers.${layer}`, block),
    ).flat(),
    ...outputParameters(stream, block.width, options.fusion),
  ];
}

/** Reads that enter before a layer: the k-th of m reads enters before layer floor(k · depth / m). */
const readsBefore = ({ reads, depth }: ShortcutOptions, layer: number): readonly string[] =>
  reads.filter((_, index) => Math.floor((index * depth) / reads.length) === layer);

/** The narrow network beside one stream: [B, S, r]. */
const runShortcut =
  ({ taps, attention }: SideCall, context: AdapterContext<ShortcutOptions>): SideRun =>
  (stream, output) => {
    const { options, parameters } = context;
    const [prefix, block, scope] = [prefixOf(stream), blockOf(stream, options), scopeOf(context)];
    const mask = sideMask(output, attention);
    let state: Tensor | undefined;
    for (let layer = 0; layer < options.depth; layer++) {
      for (const tap of readsBefore(options, layer)) {
        const read = linear(taps.get(prefix + tap) as Tensor, parameters(`${prefix}reads.${tap}.weight`));
        state = state ? tf.add(state, read) : read;
      }
      state = sideBlock(scope, `${prefix}layers.${layer}`, block, state as Tensor, mask);
    }
    return state as Tensor;
  };

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
  learningRate: 2e-3,
  // As for small transformers beside a backbone; Sung et al. 2022: 3e-3.
  usualLearningRate: { low: 5e-5, high: 5e-3 },
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      depth: {
        type: 'integer',
        minimum: 1,
        maximum: 64,
        default: 2,
        description: 'Transformer layers of the shortcut block.',
      },
      reductionFactor: {
        type: 'number',
        minimum: 1,
        maximum: 131072,
        default: 8,
        description: 'Width of the block = hidden size / reductionFactor, rounded down, at least 1.',
      },
      heads: sideProperties.heads,
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
      dropout: sideProperties.dropout,
    },
  },
  plan: ({ streams }, options) => ({
    parameters: streams.flatMap((stream) => parametersOf(stream, options)),
    sites: [],
    taps: streams.flatMap((stream) => options.reads.map((tap) => prefixOf(stream) + tap)),
    unfrozen: [],
  }),
  side: (call, context) => fuseStreams(call, context, runShortcut(call, context)),
  /**
   * For each stream: reads · hr + depth · (12r² + 13r) + hr + pr, and hr + h + pr + p for the gates; h hidden size, p
   * pooled size, r width.
   */
  parameterCount: ({ streams }, options) =>
    streams
      .map((stream) => {
        const block = blockOf(stream, options);
        const reads = options.reads.length * stream.hiddenSize * block.width;
        const outputs = outputSize(stream, block.width, options.fusion);
        return reads + options.depth * sideBlockSize(block) + outputs;
      })
      .reduce((sum, count) => sum + count, 0),
});
