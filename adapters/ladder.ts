import type { BackboneShape, LayerPlace, StreamShape } from '../src/backbones/backbone.js';
import { UsageError } from '../src/base/errors.js';
import { layerNorm, linear, type Tensor, tf } from '../src/engine/index.js';
import { layerNormParameters, type ParameterSpec, zeros } from '../src/nn/parameters.js';
import { type AdapterContext, defineAdapter, type SideCall } from './adapter.js';
import { chosenLayers, type LayerChoice, layersSchema } from './parts/layers.js';
import { type SideBlock, sideBlock, sideBlockParameters, sideBlockSize } from './parts/sideBlock.js';
import {
  downParameter,
  fuseStreams,
  outputParameters,
  outputSize,
  prefixOf,
  reducedWidth,
  type SideOptions,
  type SideRun,
  scopeOf,
  sideHeads,
  sideMask,
  sideProperties,
  sideWidth,
} from './parts/sideNetwork.js';
import { type StructuralPruning, structuralPruning } from './parts/structuralPruning.js';

export interface LadderOptions extends SideOptions {
  readonly layers: LayerChoice;
  readonly every: number;
  readonly init: 'pruned' | 'random';
}

/** T in mu = sigmoid(alpha / T); LST, section 3.2. */
const GATE_TEMPERATURE = 0.1;

/** The layers of a stream that get a rung; throws UsageError where there are none. */
function rungsOf(
  backbone: BackboneShape,
  stream: StreamShape,
  { layers, every }: LadderOptions,
): readonly [LayerPlace, ...LayerPlace[]] {
  const chosen = chosenLayers(backbone, layers).filter((layer) => layer < stream.layers);
  const kept = chosen.filter((_, index) => (chosen.length - 1 - index) % every === 0);
  const places = backbone.layerPlaces.filter(({ stream: of }) => of === stream.name);
  const [lowest, ...higher] = kept.map((layer) => places[layer] as LayerPlace);
  if (lowest) return [lowest, ...higher];
  const message = `none of these layers is in the ${stream.name} tower`;
  const expected = `at least one of 0 to ${stream.layers - 1}`;
  throw new UsageError({ where: '/layers', message, expected });
}

/** The ladder beside one stream: from the lowest rung up, all of them alike. */
interface Ladder {
  readonly prefix: string;
  readonly rungs: readonly LayerPlace[];
  readonly block: SideBlock;
  readonly causal: boolean;
}

/** Rungs like the stream's layers, all widths divided by the reduction factor. */
function ladderOf(backbone: BackboneShape, stream: StreamShape, options: LadderOptions): Ladder {
  const rungs = rungsOf(backbone, stream, options);
  const { normalises, epsilon, activation, causal } = rungs[0].design;
  const block = {
    width: sideWidth(stream, options),
    intermediateWidth: reducedWidth(stream.intermediateSize, options),
    heads: sideHeads('ladder', stream, options),
    normalises,
    epsilon,
    activation,
  };
  return { prefix: prefixOf(stream), rungs, block, causal };
}

/** The hidden state that a rung reads: what its layer gives. */
const tapOf = ({ layer }: LayerPlace): string => `hidden.${layer + 1}`;

/** Where rungs normalise what they read, the last state is normalised before it is projected up. */
const endsInNorm = ({ block }: Ladder): boolean => block.normalises === 'before';

/** Gate and layer of one rung. */
function rungParameters(
  { prefix, block }: Ladder,
  place: LayerPlace,
  pruned?: StructuralPruning,
): ParameterSpec[] {
  const name = `${prefix}rungs.${place.layer}`;
  const layer = sideBlockParameters(name, block).map((spec) => {
    const [module, kind] = spec.name.split('.').slice(-2) as [string, 'weight' | 'bias'];
    return { ...spec, initializer: pruned?.start(place, module, kind) ?? spec.initializer };
  });
  return [{ name: `${name}.gate`, shape: [1], initializer: zeros }, ...layer];
}

function parametersOf(backbone: BackboneShape, stream: StreamShape, options: LadderOptions): ParameterSpec[] {
  const ladder = ladderOf(backbone, stream, options);
  const { prefix, rungs, block } = ladder;
  const pruned = options.init === 'pruned' ? structuralPruning(backbone, rungs, block) : undefined;
  const down = (tap: string) =>
    downParameter(`${prefix}downs.${tap}`, block.width, stream.hiddenSize, pruned?.down);
  return [
    down('hidden.0'),
    ...rungs.flatMap((place) => [down(tapOf(place)), ...rungParameters(ladder, place, pruned)]),
    ...(endsInNorm(ladder) ? layerNormParameters(`${prefix}norm`, block.width) : []),
    ...outputParameters(stream, block.width, options.fusion),
  ];
}

/** From the embeddings up to the last rung's state [B, S, r]. */
const climb =
  ({ taps, attention }: SideCall, context: AdapterContext<LadderOptions>): SideRun =>
  (stream, output) => {
    const { options, parameters } = context;
    const ladder = ladderOf(context.backbone, stream, options);
    const { prefix, rungs, block, causal } = ladder;
    const [scope, mask] = [scopeOf(context), sideMask(output, attention, causal)];
    const down = (tap: string) =>
      linear(taps.get(prefix + tap) as Tensor, parameters(`${prefix}downs.${tap}.weight`));
    let state = down('hidden.0');
    for (const place of rungs) {
      const name = `${prefix}rungs.${place.layer}`;
      const gate = tf.sigmoid(tf.div(parameters(`${name}.gate`), GATE_TEMPERATURE));
      const read = down(tapOf(place));
      const mixed = tf.add(read, tf.mul(gate, tf.sub(state, read)));
      state = sideBlock(scope, name, block, mixed, mask);
    }
    const norm = (kind: string) => parameters(`${prefix}norm.${kind}`);
    return endsInNorm(ladder) ? layerNorm(state, norm('weight'), norm('bias'), block.epsilon) : state;
  };

/**
 * A ladder side network: beside each backbone layer (or every n-th) a narrow layer of the same design, a rung, which
 * reads a gated mean of the rung below and of what its backbone layer gives, projected down. No gradient passes through
 * the backbone.
 *
 * Departures from the paper, which trains encoder-decoders and VisualBERT-like encoders and predicts from the ladder
 * alone: `fusion` add and gate keep the frozen output and start as the identity, and replace is the paper's way; the
 * pooled output has a projection up of its own, since a pooler or the towers' projection is frozen here (768 · r more on
 * BERT-base than the paper's size). `init` pruned ranks rows by their L1 norms, not by Fisher information, which needs
 * gradients on the task's data; keeps the same channels along the whole residual, where the authors' code chooses anew
 * for each matrix; and starts the projections down by taking these channels, where theirs are random.
 */
export const ladder = defineAdapter<LadderOptions>({
  kind: 'ladder',
  description:
    'A narrow copy of the layers beside the backbone, reading each of them: no gradient passes through the backbone.',
  source: 'Sung et al. 2022, LST (arXiv 2206.06522), sections 3.2 and 3.3',
  learningRate: 2e-3,
  // Sung et al. 2022: 3e-3.
  usualLearningRate: { low: 3e-4, high: 1e-2 },
  schema: {
    type: 'object',
    additionalProperties: false,
    properties: {
      reductionFactor: {
        type: 'number',
        minimum: 1,
        maximum: 131072,
        default: 8,
        description: "Widths of a rung = the backbone's widths / reductionFactor, rounded down, at least 1.",
      },
      layers: layersSchema,
      every: {
        type: 'integer',
        minimum: 1,
        maximum: 512,
        default: 1,
        description: 'Only each n-th of those layers gets a rung, counted down from the last.',
      },
      init: {
        type: 'string',
        enum: ['pruned', 'random'],
        default: 'pruned',
        description: "How rungs start: from the most important rows of the backbone's matrices, or random.",
      },
      fusion: {
        type: 'string',
        enum: ['add', 'gate', 'replace'],
        default: 'add',
        description:
          'How the ladder joins the frozen output: added, added through a sigmoid gate, or in its place.',
      },
      heads: sideProperties.heads,
      dropout: sideProperties.dropout,
    },
  },
  plan: (backbone, options) => ({
    parameters: backbone.streams.flatMap((stream) => parametersOf(backbone, stream, options)),
    sites: [],
    taps: backbone.streams.flatMap((stream) =>
      ['hidden.0', ...rungsOf(backbone, stream, options).map(tapOf)].map((tap) => prefixOf(stream) + tap),
    ),
    unfrozen: [],
  }),
  side: (call, context) => fuseStreams(call, context, climb(call, context)),
  /**
   * For each stream: (m + 1) · hr + m · (4r² + 2rf + 9r + f + 1) + hr + pr, 2r more where layers normalise what they
   * read, and hr + h + pr + p for gates at the output; m rungs, h hidden size, p pooled size, r and f the rungs' widths.
   */
  parameterCount: (backbone, options) =>
    backbone.streams
      .map((stream) => {
        const ladder = ladderOf(backbone, stream, options);
        const { rungs, block } = ladder;
        const downs = (rungs.length + 1) * stream.hiddenSize * block.width;
        const norm = endsInNorm(ladder) ? 2 * block.width : 0;
        const outputs = outputSize(stream, block.width, options.fusion);
        return downs + rungs.length * (sideBlockSize(block) + 1) + norm + outputs;
      })
      .reduce((sum, count) => sum + count, 0),
});
