import type { Loss } from '../../tasks/task.js';
import { signatureOf } from '../base/hostTensor.js';
import { type Compiled, compile, type Tensor, type TensorTree, tf, type Variable } from '../engine/index.js';
import { lossGradients, type WeightOf } from '../model/gradients.js';
import type { KeptState } from '../model/kept.js';
import type { Model } from '../model/model.js';
import type { Updater } from './updates.js';

/** A compiled call that reports a few numbers. */
export type Call = Compiled<TensorTree, { report: Tensor }>;

/** Inputs of a compiled call that are not the batch's are called `step.*`. */
export const PREFIX = 'step.';

/** Inputs of the step and of the batch apart, by their own names. */
function split(inputs: TensorTree): { own: TensorTree; batch: TensorTree } {
  const entries = Object.entries(inputs);
  const own = entries.filter(([name]) => name.startsWith(PREFIX));
  const batch = entries.filter(([name]) => !name.startsWith(PREFIX));
  return {
    own: Object.fromEntries(own.map(([name, tensor]) => [name.slice(PREFIX.length), tensor])),
    batch: Object.fromEntries(batch),
  };
}

/** What tracing a batch found out. */
export interface Found {
  readonly partNames: readonly string[];
  readonly sums?: Loss['sums'];
  /** Parameters that its loss depends on. */
  readonly moved: readonly string[];
}

/** Findings by signature, since a traced call does not run JavaScript again. */
export type Traced = Map<string, Found>;

/** What begins the names of the weights of single parts. */
export const WEIGHT = 'weight.';

/** What a compiled step works on. */
export interface StepParts {
  readonly model: Model;
  readonly kept: KeptState;
  readonly traced: Traced;
}

function tracedGradients(
  { model, kept, traced }: StepParts,
  inputs: TensorTree,
  weightOf?: (own: TensorTree) => WeightOf,
) {
  const { own, batch } = split(inputs);
  const how = { weightOf: weightOf?.(own), kept: kept.source };
  const { sums, partNames, ...found } = lossGradients(model, batch, own.seed as Tensor, how);
  traced.set(signatureOf(batch), { partNames, ...(sums && { sums }), moved: [...found.byName.keys()] });
  return { own, ...found };
}

/** The weight of a part, or of the batch where the part has none of its own. */
const weightsIn =
  (own: TensorTree): WeightOf =>
  (part) =>
    (own[WEIGHT + part] ?? own.weight) as Tensor;

/** Forward, loss, gradients, clipping and update as one call. */
export const compileWhole = (parts: StepParts, updater: Updater): Call =>
  compile(
    (inputs) => {
      const { own, values, byName, next } = tracedGradients(parts, inputs);
      const norm = updater.apply(byName, own);
      const ok = tf.isFinite(norm);
      parts.kept.advance(next, ok);
      parts.kept.average(ok);
      return { report: tf.concat([values, tf.reshape(norm, [1])]) };
    },
    { name: 'training step' },
  );

/** Sums of gradients by parameter. */
export type Sums = ReadonlyMap<string, Variable>;

const first = (values: Tensor): Tensor => tf.reshape(tf.slice(values, [0], [1]), []);

/** Forward, loss and gradients, which are added to `sums`. */
export const compileAdd = (parts: StepParts, sums: Sums): Call =>
  compile(
    (inputs) => {
      const { values, byName, next } = tracedGradients(parts, inputs, weightsIn);
      for (const [name, gradient] of byName) {
        const sum = sums.get(name) as Variable;
        sum.assign(tf.add(sum, gradient));
      }
      parts.kept.advance(next, tf.isFinite(first(values)));
      return { report: values };
    },
    { name: 'gradient accumulation' },
  );

/** Clipping and update of some parameters by their sums, which start again at 0. */
const compileApply = ({ kept }: StepParts, updater: Updater, sums: Sums): Call =>
  compile(
    (inputs) => {
      const norm = updater.apply(sums, split(inputs).own);
      for (const sum of sums.values()) sum.assign(tf.zerosLike(sum));
      kept.average(tf.isFinite(norm));
      return { report: tf.reshape(norm, [1]) };
    },
    { name: 'optimizer update' },
  );

/** The call that applies the gradients of these parameters: one for each set of them that updates move. */
export function createApply(parts: StepParts, updater: Updater, sums: Sums) {
  const calls = new Map<string, Call>();
  return {
    calls,
    of: (moved: ReadonlySet<string>): Call => {
      const own = new Map([...sums].filter(([name]) => moved.has(name)));
      const key = [...own.keys()].join();
      const call = calls.get(key) ?? compileApply(parts, updater, own);
      calls.set(key, call);
      return call;
    },
  };
}
