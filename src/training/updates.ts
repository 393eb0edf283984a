import { type Tensor, type TensorTree, tf, type Variable } from '../engine/index.js';
import type { Trainable } from '../model/trainable.js';
import { clipByGlobalNorm, globalNorm } from './clip.js';
import type { Optimizer } from './optimizers/optimizer.js';
import type { TrainingOptions } from './settings.js';

/** Biases, norms and scalars are not decayed, as the field does. */
const isDecayed = (shape: readonly number[]): boolean => shape.length > 1;

/** Of the training options, what decides how gradients become new values besides the optimizer. */
export type UpdateOptions = Pick<TrainingOptions, 'headLearningRateScale' | 'clipNorm'>;

/** Where an update stands among the others. */
export interface UpdateMoment {
  readonly learningRate: number;
  /** 1-based count of updates. */
  readonly step: number;
  /** Of a group of examples, the 1-based count of the updates that it had a part in: that of its own parameters. */
  readonly groupSteps?: Readonly<Record<string, number>>;
}

/** Parameters, their optimizer slots and the rule that updates both. */
export interface Updater {
  /** The numbers that `apply` reads, as scalar tensors. */
  scalars(moment: UpdateMoment): Readonly<Record<string, number>>;
  /** `<slot>.<parameter>` -> variable. */
  readonly slots: ReadonlyMap<string, Variable>;
  /**
   * Clips by the global norm and assigns new values to the parameters that have a gradient and to their slots; the
   * others stay as they are, their moments too, and their count of updates does not go on. Where the norm is not finite
   * no parameter changes, so that the batch can be looked at once more.
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

/** Scalars of one group's parameters by the optimizer's own names. */
const scalarsOf = (scalars: TensorTree, group: string): TensorTree => {
  const ending = `.${group}`;
  const own = Object.entries(scalars).filter(([name]) => name.endsWith(ending));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(0, -ending.length), value]));
};

/** Makes the slots, all zero; the caller disposes them. */
export function createUpdater(
  trainables: readonly Trainable[],
  options: UpdateOptions,
  optimizer: Optimizer,
): Updater {
  const slots = createSlots(optimizer, trainables);
  const groups = new Set(trainables.flatMap(({ trainedBy }) => trainedBy ?? []));

  const scalars: Updater['scalars'] = ({ learningRate, step, groupSteps = {} }) => {
    const own = [...groups].flatMap((group) =>
      Object.entries(optimizer.scalars(learningRate, groupSteps[group] ?? 1)).map(
        ([name, value]) => [`${name}.${group}`, value] as const,
      ),
    );
    return { ...optimizer.scalars(learningRate, step), ...Object.fromEntries(own) };
  };

  const updateOne = (
    { name, group, trainedBy, variable }: Trainable,
    gradient: Tensor,
    scalars: TensorTree,
    ok: Tensor,
  ) => {
    const own = optimizer.slots.map((slot) => slots.get(`${slot}.${name}`) as Variable);
    const learningRateScale = group === 'head' ? options.headLearningRateScale : 1;
    const settings = { learningRateScale, decay: isDecayed(variable.shape) };
    const named = trainedBy === undefined ? scalars : scalarsOf(scalars, trainedBy);
    const updated = optimizer.update(variable, gradient, own, named, settings);
    variable.assign(tf.where(ok, updated.parameter, variable));
    own.forEach((slot, index) => {
      slot.assign(updated.slots[index] as Tensor);
    });
  };

  return {
    scalars,
    slots,
    apply: (gradients, scalars) => {
      const moved = trainables.filter(({ name }) => gradients.has(name));
      const raw = moved.map(({ name }) => gradients.get(name) as Tensor);
      const norm = globalNorm(raw);
      const clipped = options.clipNorm === undefined ? raw : clipByGlobalNorm(raw, norm, options.clipNorm);
      const ok = tf.isFinite(norm);
      moved.forEach((trainable, index) => {
        updateOne(trainable, clipped[index] as Tensor, scalars, ok);
      });
      return norm;
    },
  };
}
