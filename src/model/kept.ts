import { NEXT, type TeacherChoice } from '../../tasks/task.js';
import { initialize } from '../backbones/initialize.js';
import { type HostTensor, sizeOf } from '../base/hostTensor.js';
import { stopGradient, type Tensor, type TensorTree, tf, type Variable } from '../engine/index.js';
import { createModel, type FittedTask, type KeptSource, type Model } from './model.js';
import { createVariable, type Trainable } from './trainable.js';

/** What training keeps from one step to the next besides parameters and optimizer slots. */
export interface KeptState {
  /** `buffer.<name>` and `average.<parameter>`: what a checkpoint must hold. */
  readonly variables: ReadonlyMap<string, Variable>;
  /** For `Model.forward`; undefined where the task keeps nothing. */
  readonly source: KeptSource | undefined;
  /** Sets the buffers to what a step gave. @param ok bool scalar: whether the step counts */
  advance(next: ReadonlyMap<string, Tensor>, ok: Tensor): void;
  /** Moves the averages after an update. @param ok bool scalar: whether it counts */
  average(ok: Tensor): void;
  /** Frees the device memory. */
  dispose(): void;
}

/** Outputs of a forward pass that are next values of buffers, by the buffers' names; no gradient flows through them. */
export const nextValues = (outputs: TensorTree): Map<string, Tensor> =>
  new Map(
    Object.entries(outputs).flatMap(([name, value]) =>
      name.startsWith(NEXT) ? [[name.slice(NEXT.length), stopGradient(value)] as const] : [],
    ),
  );

const [BUFFER, AVERAGE] = ['buffer.', 'average.'];

/** The buffers of the task with their first values. */
function createBuffers({ parts: { task, seed } }: Model): Map<string, Variable> {
  const specs = task.task.buffers?.(task.options) ?? [];
  const named = specs.map((spec) => ({ ...spec, name: BUFFER + spec.name }));
  const values = initialize(named, seed);
  return new Map(
    named.map(({ name }) => [name, createVariable(values.get(name) as HostTensor, false)] as const),
  );
}

/** Numbers that training keeps besides, where so many train: what a checkpoint holds of them. */
export function keptValues({ task, options }: FittedTask, trainable: number): number {
  const buffers = (task.buffers?.(options) ?? []).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  return buffers + (task.teacher?.(options)?.kind === 'averaged' ? trainable : 0);
}

/** A copy of everything that trains. */
const copyOf = ({ trainables }: Model): Map<string, Variable> =>
  new Map(
    trainables.map(({ name, variable }) => [name, tf.tidy(() => tf.variable(tf.add(variable, 0), false))]),
  );

function createTeacher(model: Model, choice: TeacherChoice | undefined) {
  if (choice?.kind === 'averaged') {
    const averages = copyOf(model);
    return { averages, teacher: model.teacher(averages) };
  }
  const { teacher: parts } = model.parts;
  const other = parts && createModel(parts);
  const values = other && new Map(other.trainables.map(({ name, variable }) => [name, variable]));
  return { averages: new Map<string, Variable>(), teacher: values && other.teacher(values), other };
}

const assignWhere = (variable: Variable, value: Tensor, ok: Tensor): void =>
  variable.assign(tf.where(ok, value, variable));

/** momentum * average + (1 - momentum) * parameter (He et al. 2020, MoCo, eq. 2). */
function moveAverage(average: Variable, { variable }: Trainable, momentum: number, ok: Tensor): void {
  assignWhere(average, tf.add(tf.mul(average, momentum), tf.mul(variable, 1 - momentum)), ok);
}

const bufferIn =
  (variables: ReadonlyMap<string, Variable>) =>
  (name: string): Variable => {
    const found = variables.get(BUFFER + name);
    if (!found) throw new Error(`the task has no buffer '${name}'`);
    return found;
  };

/** Makes what a model's task keeps, as it is before the first step; the caller disposes it. */
export function createKept(model: Model): KeptState {
  const { task, options } = model.parts.task;
  const choice = task.teacher?.(options);
  const variables = createBuffers(model);
  const { averages, teacher, other } = createTeacher(model, choice);
  const buffers = bufferIn(variables);
  const keeps = choice !== undefined || variables.size > 0;
  const momentum = choice?.kind === 'averaged' ? choice.momentum : 0;
  const all = new Map([
    ...variables,
    ...[...averages].map(([name, variable]) => [AVERAGE + name, variable] as const),
  ]);
  return {
    variables: all,
    source: keeps ? { buffers, ...(teacher && { teacher }) } : undefined,
    advance: (next, ok) => {
      for (const [name, value] of next) assignWhere(buffers(name), value, ok);
    },
    average: (ok) => {
      for (const one of model.trainables) {
        const average = averages.get(one.name);
        if (average) moveAverage(average, one, momentum, ok);
      }
    },
    dispose: () => {
      for (const variable of all.values()) variable.dispose();
      other?.dispose();
    },
  };
}
