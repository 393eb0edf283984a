import { type Tensor, tf } from '../../engine/index.js';
import { defineOptimizer, learningRate, scalarOf, share, weightDecay } from './optimizer.js';

/** Options of AdamW. */
export interface AdamWOptions {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

const mix = (old: Tensor, fresh: Tensor, keep: number): Tensor =>
  tf.add(tf.mul(old, keep), tf.mul(fresh, 1 - keep));

/** AdamW (Loshchilov and Hutter 2019, algorithm 2) in PyTorch's form: the decay is scaled by the learning rate. */
export const adamw = defineOptimizer<AdamWOptions>({
  kind: 'adamw',
  description: 'AdamW: Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2).',
  schema: {
    type: 'object',
    properties: {
      learningRate: learningRate(1e-4),
      beta1: share(0.9, 'Decay of the mean of gradients.'),
      beta2: share(0.999, 'Decay of the mean of squared gradients.'),
      epsilon: {
        type: 'number',
        exclusiveMinimum: 0,
        default: 1e-8,
        description: 'Added to the root of the mean of squared gradients.',
        examples: [1e-8, 1e-6],
      },
      weightDecay: weightDecay(0.01),
    },
  },
  create: ({ beta1, beta2, epsilon, weightDecay: rate }) => ({
    slots: ['firstMoment', 'secondMoment'],
    scalars: (learningRate, step) => ({
      learningRate,
      stepSize: learningRate / (1 - beta1 ** step),
      rootCorrection: Math.sqrt(1 - beta2 ** step),
    }),
    update: (parameter, gradient, [first, second], scalars, { learningRateScale, decay }) => {
      const m = mix(first as Tensor, gradient, beta1);
      const v = mix(second as Tensor, tf.square(gradient), beta2);
      const root = tf.add(tf.div(tf.sqrt(v), scalarOf(scalars, 'rootCorrection')), epsilon);
      const step = tf.mul(tf.div(m, root), tf.mul(scalarOf(scalars, 'stepSize'), learningRateScale));
      const shrink = tf.mul(scalarOf(scalars, 'learningRate'), -learningRateScale * rate);
      const kept = decay && rate > 0 ? tf.mul(parameter, tf.add(shrink, 1)) : parameter;
      return { parameter: tf.sub(kept, step), slots: [m, v] };
    },
  }),
});
