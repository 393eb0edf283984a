import { type Tensor, type TensorTree, tf } from '../engine/index.js';
import type { OptimizerOptions } from './options.js';

/** How one parameter is treated. */
interface UpdateSettings {
  /** Its learning rate = this times the step's. */
  readonly learningRateScale: number;
  /** False for biases and norms. */
  readonly decay: boolean;
}

/** New values of a parameter and of its slots. */
interface Update {
  readonly parameter: Tensor;
  readonly slots: readonly Tensor[];
}

/** An optimizer as a pure function; the caller keeps parameters and slots. */
export interface Optimizer {
  /** Names of the tensors kept beside every parameter, of its shape, starting at 0. */
  readonly slots: readonly string[];
  /** The numbers that update `step` (1-based) reads; the caller gives them to `update` as scalar tensors. */
  scalars(learningRate: number, step: number): Readonly<Record<string, number>>;
  update(
    parameter: Tensor,
    gradient: Tensor,
    slots: readonly Tensor[],
    scalars: TensorTree,
    settings: UpdateSettings,
  ): Update;
}

type AdamW = Extract<OptimizerOptions, { kind: 'adamw' }>;
type Sgd = Extract<OptimizerOptions, { kind: 'sgd' }>;

const scalar = (scalars: TensorTree, name: string): Tensor => {
  const found = scalars[name];
  if (!found) throw new Error(`the optimizer was not given '${name}'`);
  return found;
};

const mix = (old: Tensor, fresh: Tensor, keep: number): Tensor =>
  tf.add(tf.mul(old, keep), tf.mul(fresh, 1 - keep));

/** AdamW (Loshchilov and Hutter 2019, algorithm 2) in PyTorch's form: the decay is scaled by the learning rate. */
const adamw = ({ beta1, beta2, epsilon, weightDecay }: AdamW): Optimizer => ({
  slots: ['firstMoment', 'secondMoment'],
  scalars: (learningRate, step) => ({
    learningRate,
    stepSize: learningRate / (1 - beta1 ** step),
    rootCorrection: Math.sqrt(1 - beta2 ** step),
  }),
  update: (parameter, gradient, [first, second], scalars, { learningRateScale, decay }) => {
    const m = mix(first as Tensor, gradient, beta1);
    const v = mix(second as Tensor, tf.square(gradient), beta2);
    const root = tf.add(tf.div(tf.sqrt(v), scalar(scalars, 'rootCorrection')), epsilon);
    const step = tf.mul(tf.div(m, root), tf.mul(scalar(scalars, 'stepSize'), learningRateScale));
    const shrink = tf.mul(scalar(scalars, 'learningRate'), -learningRateScale * weightDecay);
    const kept = decay && weightDecay > 0 ? tf.mul(parameter, tf.add(shrink, 1)) : parameter;
    return { parameter: tf.sub(kept, step), slots: [m, v] };
  },
});

/** SGD with momentum in PyTorch's form: the decay is part of the gradient, the momentum is not damped. */
const sgd = ({ momentum, weightDecay }: Sgd): Optimizer => ({
  slots: momentum > 0 ? ['momentum'] : [],
  scalars: (learningRate) => ({ learningRate }),
  update: (parameter, gradient, [velocity], scalars, { learningRateScale, decay }) => {
    const whole = decay && weightDecay > 0 ? tf.add(gradient, tf.mul(parameter, weightDecay)) : gradient;
    const direction = velocity ? tf.add(tf.mul(velocity, momentum), whole) : whole;
    const rate = tf.mul(scalar(scalars, 'learningRate'), learningRateScale);
    return {
      parameter: tf.sub(parameter, tf.mul(direction, rate)),
      slots: velocity ? [direction] : [],
    };
  },
});

/** The optimizer that a recipe names. */
export const createOptimizer = (options: OptimizerOptions): Optimizer =>
  options.kind === 'adamw' ? adamw(options) : sgd(options);

/** Biases, norms and scalars are not decayed, as the field does. */
export const isDecayed = (shape: readonly number[]): boolean => shape.length > 1;
