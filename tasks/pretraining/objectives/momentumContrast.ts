import { stopGradient, type Tensor, type TensorTree, tf } from '../../../src/engine/index.js';
import { normal, type ParameterSpec, zeros } from '../../../src/nn/parameters.js';
import { contrastive } from '../../../src/objectives/contrastive.js';
import {
  enqueued,
  momentumContrast as momentumContrastLoss,
  type VectorPairs,
} from '../../../src/objectives/momentumContrast.js';
import { cosineSimilarities, normalised } from '../../../src/objectives/similarity.js';
import type { Kept } from '../../task.js';
import { projectionSchema, retrievalMeasure, vectorParameters, vectorsOf } from '../comparedVectors.js';
import { defineObjective, type ObjectiveContext } from '../objective.js';

interface Options {
  readonly temperature: number;
  readonly queue: number;
  readonly soft: number;
  readonly softAfter: number;
  readonly projection: number;
}

type Context = ObjectiveContext<Options, null>;

const TEMPERATURE = 'cls.temperature';
/** ALBEF's limits. */
const [LEAST, MOST] = [0.001, 0.5];

/** 1 / temperature, a scalar; the gradient goes on beyond the limits, so that the parameter can come back. */
function scaleOf({ parameters }: Context): Tensor {
  const learnt = parameters(TEMPERATURE);
  const excess = tf.sub(learnt, tf.clipByValue(learnt, LEAST, MOST));
  return tf.div(1, tf.sub(learnt, stopGradient(excess)));
}

/** Share of the teacher in the target: it grows with the batches that were seen. */
const softShare = ({ soft, softAfter }: Options, batches: Tensor): Tensor =>
  softAfter === 0 ? tf.scalar(soft) : tf.mul(tf.minimum(tf.div(batches, softAfter), 1), soft);

const BUFFERS = { picture: 'picture', text: 'text', batches: 'batches' } as const;

/** What the teacher gives, the queues and what they are after the step. */
function taught(context: Context, { buffers, teacher }: Kept): TensorTree {
  if (!teacher) throw new Error('there is no teacher');
  const { picture, text } = vectorsOf(context, teacher.parameters, { by: 'teacher' });
  const [batches, ...queues] = [BUFFERS.batches, BUFFERS.picture, BUFFERS.text].map(buffers);
  const [queuedPicture, queuedText] = queues as [Tensor, Tensor];
  return {
    ...{ taughtPicture: picture, taughtText: text, queuedPicture, queuedText },
    soft: softShare(context.options, batches as Tensor),
    'next.picture': enqueued(queuedPicture, normalised(picture)),
    'next.text': enqueued(queuedText, normalised(text)),
    'next.batches': tf.add(batches as Tensor, 1),
  };
}

/** Image-text contrast with a momentum teacher and queues, ALBEF's ITC (Li et al. 2021, arXiv 2107.07651). */
export const momentumContrast = defineObjective<Options>({
  kind: 'momentum-contrast',
  description:
    "ALBEF's contrast of pictures and their captions, encoded apart: each picks its own among those that the teacher saw, of this batch and of earlier ones. Takes the place of `contrastive`.",
  comparesInBatch: 'its negatives',
  schema: {
    properties: {
      temperature: {
        type: 'number',
        minimum: LEAST,
        maximum: MOST,
        default: 0.07,
        description: 'Divides the cosines; it is learnt from here on.',
      },
      queue: {
        type: 'integer',
        minimum: 1,
        maximum: 1_048_576,
        default: 4096,
        description:
          'Earlier captions and pictures to choose from; fewer than the training set has, or its own are among the wrong ones. ALBEF: 65536.',
      },
      soft: {
        type: 'number',
        minimum: 0,
        maximum: 1,
        default: 0.4,
        description: 'Share of the target that is what the teacher finds; the rest are the right ones.',
      },
      softAfter: {
        type: 'integer',
        minimum: 0,
        maximum: 1e9,
        default: 1000,
        description: 'Batches over which that share grows from 0. ALBEF: those of the first epoch.',
      },
      projection: projectionSchema,
    },
  },
  views: () => ({ clean: true }),
  head: ({ projection, temperature }, _state, backbone) => [
    ...vectorParameters(backbone, projection),
    { name: TEMPERATURE, shape: [], initializer: { kind: 'constant', value: temperature } },
  ],
  buffers: ({ queue, projection }): readonly ParameterSpec[] => [
    ...[BUFFERS.picture, BUFFERS.text].map((name) => ({
      name,
      shape: [queue, projection],
      initializer: normal(1 / Math.sqrt(projection)),
    })),
    { name: BUFFERS.batches, shape: [], initializer: zeros },
  ],
  taught: ({ projection }, backbone) => vectorParameters(backbone, projection),
  outputs: (context) => ({
    ...vectorsOf(context, context.parameters),
    scale: scaleOf(context),
    ...(context.kept && taught(context, context.kept)),
  }),
  loss: (outputs, batch) => {
    const { picture, text, taughtPicture, taughtText, queuedPicture, queuedText, soft, scale } = outputs;
    const own = { picture: picture!, text: text! };
    const groups = batch['target.pictures']!;
    if (!soft) return contrastive(cosineSimilarities(own.picture, own.text), { scale: scale!, groups });
    const teacher = { picture: taughtPicture, text: taughtText } as VectorPairs;
    const queue = { picture: queuedPicture, text: queuedText } as VectorPairs;
    return momentumContrastLoss(own, { teacher, queue, scale: scale!, soft, groups });
  },
  measure: retrievalMeasure,
});
