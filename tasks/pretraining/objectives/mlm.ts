import type { FusedOutput } from '../../../src/backbones/backbone.js';
import { fusedOutput } from '../../../src/backbones/streams.js';
import { type Tensor, type TensorTree, tf } from '../../../src/engine/index.js';
import { maskedLanguageModelling } from '../../../src/objectives/maskedLanguageModelling.js';
import { requireWords, wordLogits, wordParameters } from '../../heads/wordHead.js';
import { countLabels, countRight } from '../labels.js';
import { defineObjective } from '../objective.js';

interface Options {
  readonly maskProbability: number;
}

/** The states of the positions that have labels [B, T, H]. */
function textStates({ hidden, textLength }: FusedOutput, labels: Tensor): Tensor {
  const [batch, , width] = hidden.shape as [number, number, number];
  const length = Math.min(textLength, labels.shape[1] as number);
  return tf.slice(hidden, [0, 0, 0], [batch, length, width]);
}

/** The labels of the positions that have logits. */
const labelsOf = (logits: Tensor, batch: TensorTree): Tensor =>
  tf.slice(batch['target.tokens']!, [0, 0], logits.shape.slice(0, 2));

/** Masked language modelling (Devlin et al. 2019) with the picture in view. */
export const mlm = defineObjective<Options>({
  kind: 'mlm',
  description: 'Masked language modelling with the picture in view, on matched pairs.',
  byDefault: true,
  textAlone: true,
  schema: {
    properties: {
      maskProbability: {
        type: 'number',
        exclusiveMinimum: 0,
        maximum: 1,
        default: 0.15,
        description: 'Share of the tokens to be predicted; at least one a caption.',
      },
    },
  },
  views: ({ maskProbability }) => ({ masked: { probability: maskProbability } }),
  check: (_options, backbone, at) => requireWords(backbone, at, 'leave masked language modelling out'),
  head: (_options, _state, backbone) => wordParameters(backbone),
  outputs: (context) => {
    const states = textStates(fusedOutput(context.encode('masked')), context.batch['target.tokens']!);
    return { tokenLogits: wordLogits(states, context) };
  },
  loss: ({ tokenLogits }, batch) => maskedLanguageModelling(tokenLogits!, labelsOf(tokenLogits!, batch)),
  count: (batch) => countLabels(batch['target.tokens']),
  measure: {
    name: 'mlm',
    columns: ['tokensRight', 'tokens'],
    read: ({ tokenLogits }, batch) => countRight(tokenLogits!, labelsOf(tokenLogits!, batch)),
    count: ({ tokensRight, tokens }) => [tokensRight as number, tokens as number],
  },
});
