import { type Tensor, type TensorTree, tf, type Variable } from '../engine/index.js';
import { clipByGlobalNorm, globalNorm } from './clip.js';
import { createOptimizer, isDecayed, type Optimizer } from './optimizer.js';
import type { TrainingOptions } from './settings.js';
import type { Trainable } from './trainable.js';

/** Of the training options, what decides how gradients become new values. */
export type UpdateOptions = Pick<TrainingOptions, 'optimizer' | 'headLearningRateScale' | 'clipNorm'>;

/** Parameters, their optimizer slots and the rule that updates both. */
export interface Updater {
  readonly optimizer: Optimizer;
  /** `<slot>.<parameter>` -> variable. */
  readonly slots: ReadonlyMap<string, Variable>;
  /**
   * Clips by the global norm and assigns new values to the parameters that have a gradient and to their slots.
   * Returns the norm before clipping, a scalar.
   */
  apply(gradients: ReadonlyMap<string, Tensor>, scalars: TensorTree): Tensor;
}

/** A variable of that shape that holds zeros and does not train. */
export const zerosLike = ({ variable }: Trainable): Variable =>
  tf.tidy(() => tf.variable(tf.zeros(variable.shape), false));

function createSlots(optimizer: Optimizer, trainables: readonly Trainable[]): Map<string, Variable> {
  const names = trainables.flatMap((trainable) =>
    optimizer.slots.map((slot) => [`${slot}.${trainable.name}`, trainable] as const),
  );
  return new Map(names.map(([name, trainable]) => [name, zerosLike(trainable)]));
}

/** Makes the slots, all zero; the caller disposes them. */
export function createUpdater(trainables: readonly Trainable[], options: UpdateOptions): Updater {
  const optimizer = createOptimizer(options.optimizer);
  const slots = createSlots(optimizer, trainables);

  const updateOne = ({ name, group, variable }: Trainable, gradient: Tensor, scalars: TensorTree) => {
    const own = optimizer.slots.map((slot) => slots.get(`${slot}.${name}`) as Variable);
    const learningRateScale = group === 'head' ? options.headLearningRateScale : 1;
    const settings = { learningRateScale, decay: isDecayed(variable.shape) };
    const updated = optimizer.update(variable, gradient, own, scalars, settings);
    variable.assign(updated.parameter);
    own.forEach((slot, index) => {
      slot.assign(updated.slots[index] as Tensor);
    });
  };

  return {
    optimizer,
    slots,
    apply: (gradients, scalars) => {
      const moved = trainables.filter(({ name }) => gradients.has(name));
      const raw = moved.map(({ name }) => gradients.get(name) as Tensor);
      const norm = globalNorm(raw);
      const clipped = options.clipNorm === undefined ? raw : clipByGlobalNorm(raw, norm, options.clipNorm);
      moved.forEach((trainable, index) => {
        updateOne(trainable, clipped[index] as Tensor, scalars);
      });
      return norm;
    },
  };
}
