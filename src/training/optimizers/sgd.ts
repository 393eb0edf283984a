import { tf } from '../../engine/index.js';
import { defineOptimizer, learningRate, scalarOf, share, weightDecay } from './optimizer.js';

/** Options of SGD. */
export interface SgdOptions {
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

/** SGD with momentum in PyTorch's form: the decay is part of the gradient, the momentum is not damped. */
export const sgd = defineOptimizer<SgdOptions>({
  kind: 'sgd',
  description: "Stochastic gradient descent with momentum, in PyTorch's form.",
  schema: {
    type: 'object',
    properties: {
      learningRate: learningRate(0.01),
      momentum: share(0.9, 'Share of the earlier update that is kept; 0 is plain gradient descent.'),
      weightDecay: weightDecay(0),
    },
  },
  create: ({ momentum, weightDecay: rate }) => ({
    slots: momentum > 0 ? ['momentum'] : [],
    scalars: (learningRate) => ({ learningRate }),
    update: (parameter, gradient, [velocity], scalars, { learningRateScale, decay }) => {
      const whole = decay && rate > 0 ? tf.add(gradient, tf.mul(parameter, rate)) : gradient;
      const direction = velocity ? tf.add(tf.mul(velocity, momentum), whole) : whole;
      const scaled = tf.mul(scalarOf(scalars, 'learningRate'), learningRateScale);
      return {
        parameter: tf.sub(parameter, tf.mul(direction, scaled)),
        slots: velocity ? [direction] : [],
      };
    },
  }),
});
