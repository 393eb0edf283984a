import { fusedOutput, fusedStream } from '../../../src/backbones/streams.js';
import { type Tensor, tf } from '../../../src/engine/index.js';
import { matching as matchingLoss } from '../../../src/objectives/matching.js';
import { matchingHead, matchingParameters } from '../../heads/pretraining.js';
import type { Prediction } from '../../task.js';
import { defineObjective } from '../objective.js';

interface Options {
  readonly foils: number;
}

/** Probability that a pair belongs together, [B]: the softmax of two, exactly one half where both logits are the same. */
function matchingScore(logits: Tensor): Tensor {
  const size = logits.shape[0] as number;
  const column = (at: number) => tf.reshape(tf.slice(logits, [0, at], [size, 1]), [size]);
  return tf.sigmoid(tf.sub(column(1), column(0)));
}

/** Whether a pair is told right; a score of one half says neither. */
const matchedRight = ({ matchingScore: score, matched }: Prediction): number =>
  score === 0.5 ? 0.5 : Number((score as number) > 0.5 === (matched === 1));

/** Sentence-image matching (Li et al. 2019, arXiv 1908.03557). */
export const matching = defineObjective<Options>({
  kind: 'matching',
  description: 'Does the caption belong to the picture? Half of the captions are swapped.',
  byDefault: true,
  comparesInBatch: 'its swapped captions',
  schema: {
    properties: {
      foils: {
        type: 'number',
        minimum: 0,
        maximum: 1,
        default: 0,
        description:
          'Share of the swapped captions that are the right ones but for the name of one thing, which the picture lacks; needs categories with names.',
      },
    },
  },
  views: ({ foils }) => ({ swapped: { foils } }),
  head: (_options, _state, backbone) => matchingParameters(fusedStream(backbone).hiddenSize),
  outputs: ({ encode, parameters }) => ({
    matchingLogits: matchingHead(parameters, fusedOutput(encode('swapped')).pooled),
  }),
  loss: ({ matchingLogits }, batch) => matchingLoss(matchingLogits!, batch['target.matched']!),
  measure: {
    name: 'matching',
    columns: ['matchingScore', 'matched'],
    read: ({ matchingLogits }, batch) => [
      matchingScore(matchingLogits!),
      tf.cast(batch['target.matched']!, 'float32'),
    ],
    count: (prediction) => [matchedRight(prediction), 1],
  },
});
