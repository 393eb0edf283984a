import type { AnyTask, EncodeOptions, Kept, Loss, Teacher } from '../../tasks/task.js';
import type { BackboneOutput, Weights } from '../backbones/backbone.js';
import { initialize } from '../backbones/initialize.js';
import type { LoadedBackbone } from '../backbones/load.js';
import { streamOutputs, streamPrefix } from '../backbones/streams.js';
import { type HostTensor, sizeOf } from '../base/hostTensor.js';
import type { Json } from '../base/json.js';
import {
  createDropout,
  type Dropout,
  type Precision,
  stopGradient,
  type Tensor,
  type TensorTree,
  type Variable,
} from '../engine/index.js';
import type { ParameterLookup, ParameterSpec } from '../nn/parameters.js';
import {
  type AdaptedRun,
  type AttachedAdapter,
  type Composition,
  positionOffset,
  runBackbone,
  type Watch,
} from './attach.js';
import { createFrozenStore, type FrozenStore } from './frozenStore.js';
import { type Attention, takeStored } from './storedInputs.js';
import {
  assignVariables,
  createVariable,
  readVariables,
  type Trainable,
  type TrainableGroup,
} from './trainable.js';

/** A task with what it was given and what it learnt from the training set. */
export interface FittedTask {
  readonly task: AnyTask;
  readonly options: unknown;
  readonly state: Json;
}

/** What a model is put together from. */
export interface ModelParts {
  readonly backbone: LoadedBackbone;
  readonly attached: readonly AttachedAdapter[];
  /** How they meet; default `stack`. */
  readonly composition?: Composition;
  readonly task: FittedTask;
  /** Of the frozen matrices; everything that trains is f32. */
  readonly precision: Precision;
  /** New parameters start from it. */
  readonly seed: number;
  /** As the recipe's `training.gradientCheckpointing`. */
  readonly gradientCheckpointing?: boolean;
  /** As the recipe's `training.backboneDropout`. */
  readonly backboneDropout?: number | 'config' | undefined;
  /** Other first values, by full names. */
  readonly start?: Weights;
  /** The model that teaches, where that is a finished run. */
  readonly teacher?: ModelParts;
}

/** A model that teaches, as `Teacher`, before it is known which batch is read. */
interface TeacherModel extends Omit<Teacher, 'encode'> {
  encode(batch: TensorTree, options?: EncodeOptions): BackboneOutput;
}

/** What training keeps from step to step, as `Kept`, before it is known which batch is read. */
export interface KeptSource extends Pick<Kept, 'buffers'> {
  readonly teacher?: TeacherModel;
}

/** What differs from one pass to the next. */
type Pass = Pick<AdaptedRun, 'batch' | 'dropout' | 'scales' | 'options' | 'onAttention' | 'watch'>;

/** One pass of the backbone as the task asks for it. */
export interface EncodeCall {
  /** What the backbone reads. */
  readonly batch: TensorTree;
  readonly attention: Attention;
}

/** Backbone, adapters and head on the device. */
export interface Model {
  readonly parts: ModelParts;
  readonly trainables: readonly Trainable[];
  /** Numbers of parameters. */
  readonly counts: { readonly trainable: number; readonly frozen: number };
  /**
   * The task's outputs for one batch; without dropout it is the forward pass of evaluation.
   * Values of the backbone that the batch brings along are not computed.
   * @param scales factor of each adapter's change; default 1
   * @param watch what looks on at each pass of the backbone
   * @param kept what training keeps from step to step; absent in evaluation
   */
  forward(
    batch: TensorTree,
    dropout?: Dropout,
    scales?: ReadonlyMap<string, number>,
    watch?: (call: EncodeCall) => Watch,
    kept?: KeptSource,
  ): TensorTree;
  /** The same model with other values, by full name, in the place of those that train: without dropout and gradients. */
  teacher(values: ReadonlyMap<string, Tensor>): TeacherModel;
  /** Named values of the backbone without its adapters; no gradient is asked of them. */
  frozen(call: EncodeCall, names: readonly string[]): TensorTree;
  loss(outputs: TensorTree, batch: TensorTree): Loss;
  /** The backbone with its adapters on a batch, without head and dropout. */
  encode(batch: TensorTree, how?: Pick<Pass, 'options' | 'onAttention'>): BackboneOutput;
  /** Values of everything that trains, by full name. */
  read(): Promise<Map<string, HostTensor>>;
  /** Sets everything that trains; UsageError names `from` and what doesn't fit. */
  assign(values: Weights, from: string): void;
  /** Frees the device memory. */
  dispose(): void;
}

/** Parameters by their names inside an owner; throws an Error that names a missing one. */
const lookup =
  (tensors: ReadonlyMap<string, Tensor>, owner: string): ParameterLookup =>
  (name) => {
    const found = tensors.get(`${owner}.${name}`);
    if (!found) throw new Error(`no parameter '${owner}.${name}'`);
    return found;
  };

/** The same spec by its full name. */
const owned = (owner: string, specs: readonly ParameterSpec[]): ParameterSpec[] =>
  specs.map((spec) => ({ ...spec, name: `${owner}.${spec.name}` }));

const copyOf = (spec: ParameterSpec): ParameterSpec => ({
  ...spec,
  initializer: { kind: 'copy', parameter: spec.name },
});

/** Everything that trains: adapters' own parameters, the head, and what adapters unfreeze. */
function createTrainables(parts: ModelParts, unfrozen: ReadonlySet<string>): Trainable[] {
  const { backbone, attached, task } = parts;
  const body = backbone.shape.parameters.filter(({ name }) => unfrozen.has(name)).map(copyOf);
  const specs: Readonly<Record<TrainableGroup, ParameterSpec[]>> = {
    adapters: attached.flatMap(({ name, plan }) => owned(`adapters.${name}`, plan.parameters)),
    head: owned('head', task.task.head(task.options, task.state, backbone.shape, backbone.checkpoint)),
    backbone: owned('backbone', body),
  };
  const groups = Object.entries(specs) as [TrainableGroup, ParameterSpec[]][];
  const values = initialize(Object.values(specs).flat(), parts.seed, (name) => {
    return backbone.weights.get(name) ?? backbone.checkpoint.get(name);
  });
  const apart = task.task.grouping?.names(task.options) ?? [];
  return groups.flatMap(([group, members]) =>
    members.map(({ name }): Trainable => {
      const trainedBy = apart.find((one) => name.startsWith(`head.${one}.`));
      const variable = createVariable((parts.start?.get(name) ?? values.get(name)) as HostTensor);
      return { name, group, ...(trainedBy !== undefined && { trainedBy }), variable };
    }),
  );
}

/** What no adapter unfroze, by full names. */
const loadFrozen = (
  { backbone }: ModelParts,
  unfrozen: ReadonlySet<string>,
  store: FrozenStore,
): Map<string, Tensor> =>
  new Map(
    backbone.shape.parameters
      .filter(({ name }) => !unfrozen.has(name))
      .map(({ name }) => [`backbone.${name}`, store.get(name)]),
  );

const countOf = (tensors: Iterable<Tensor>) =>
  [...tensors].reduce((sum, { shape }) => sum + sizeOf(shape), 0);

/** Runs the backbone with its adapters. */
function createEncoder(
  { backbone, attached, composition, gradientCheckpointing, backboneDropout }: ModelParts,
  tensors: ReadonlyMap<string, Tensor>,
): (pass: Pass) => BackboneOutput {
  const model = {
    forward: backbone.forward,
    backbone: backbone.shape,
    backboneParameters: lookup(tensors, 'backbone'),
    adapterParameters: (name: string) => lookup(tensors, `adapters.${name}`),
    attached,
    ...(composition && { composition }),
    ...(gradientCheckpointing && { gradientCheckpointing }),
    ...(backboneDropout !== undefined && { backboneDropout }),
  };
  return (pass) => runBackbone({ ...model, ...pass });
}

/** Looks on at values that may be known. */
const behind = (watch: Watch, known: Watch): Watch => ({
  ...watch,
  value: (name, compute) => watch.value(name, () => known.value(name, compute)),
});

function createForward(parts: ModelParts, tensors: ReadonlyMap<string, Tensor>): Model['forward'] {
  const { backbone, task } = parts;
  const run = createEncoder(parts, tensors);
  const backboneParameters = lookup(tensors, 'backbone');
  return (batch, dropout = createDropout(), scales, watch, kept) => {
    const encode = (replace: TensorTree = {}, options?: EncodeOptions) => {
      const call = { batch: { ...batch, ...replace }, attention: options?.attention ?? 'joint' };
      const { values, inputs } = takeStored(call.batch, call.attention);
      const known: Watch = { value: (name, compute) => values.get(name) ?? compute() };
      const looksOn = watch ? behind(watch(call), known) : values.size > 0 ? known : undefined;
      return run({
        batch: inputs,
        dropout,
        ...(scales && { scales }),
        ...(options && { options }),
        ...(looksOn && { watch: looksOn }),
      });
    };
    return task.task.outputs({
      options: task.options,
      state: task.state,
      backbone: backbone.shape,
      encode,
      parameters: lookup(tensors, 'head'),
      backboneParameters,
      batch,
      dropout,
      ...(kept && { kept: keptFor(kept, batch) }),
    });
  };
}

/** The same tensors, through which no gradient flows. */
const withoutGradient = (tensors: TensorTree): TensorTree =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, one]) => [name, one.dtype === 'float32' ? stopGradient(one) : one]),
  );

/** What is kept, for a pass over a batch. */
const keptFor = ({ buffers, teacher }: KeptSource, batch: TensorTree): Kept => ({
  buffers,
  ...(teacher && {
    teacher: {
      ...teacher,
      encode: (replace = {}, options) => teacher.encode({ ...batch, ...withoutGradient(replace) }, options),
    },
  }),
});

const createTeacher =
  (parts: ModelParts, frozen: ReadonlyMap<string, Tensor>): Model['teacher'] =>
  (values) => {
    const tensors = new Map([...frozen, ...values]);
    const run = createEncoder({ ...parts, gradientCheckpointing: false, backboneDropout: 0 }, tensors);
    return {
      parameters: lookup(tensors, 'head'),
      backboneParameters: lookup(tensors, 'backbone'),
      encode: (batch, options = {}) => {
        const { inputs } = takeStored(batch, options.attention ?? 'joint');
        return run({ batch: inputs, dropout: createDropout(), options });
      },
    };
  };

const createFrozen =
  ({ backbone, attached }: ModelParts, tensors: ReadonlyMap<string, Tensor>): Model['frozen'] =>
  ({ batch, attention }, names) => {
    const states = new Map<string, () => Tensor>();
    const hooks = {
      positionOffset: positionOffset(attached),
      tap: ({ name }: { readonly name: string }, hidden: () => Tensor) => void states.set(name, hidden),
    };
    const options = { attention, hooks };
    const output = backbone.forward(lookup(tensors, 'backbone'), batch, options);
    for (const [stream, own] of streamOutputs(output)) {
      states.set(`${streamPrefix(stream)}hidden`, () => own.hidden);
      states.set(`${streamPrefix(stream)}pooled`, () => own.pooled);
    }
    return Object.fromEntries(names.map((name) => [name, (states.get(name) as () => Tensor)()]));
  };

/**
 * Puts backbone, adapters and head on the device; everything frozen at the wanted precision.
 * @param store of a backbone that is on the device already; default: one of its own
 */
export function createModel(
  parts: ModelParts,
  store: FrozenStore = createFrozenStore(parts.backbone, parts.precision),
): Model {
  store.retain();
  const unfrozen = new Set(parts.attached.flatMap(({ plan }) => plan.unfrozen));
  const trainables = createTrainables(parts, unfrozen);
  const frozen = loadFrozen(parts, unfrozen, store);
  const variables = new Map<string, Variable>(trainables.map(({ name, variable }) => [name, variable]));
  const tensors = new Map<string, Tensor>([...frozen, ...variables]);
  const run = createEncoder(parts, tensors);
  return {
    parts,
    trainables,
    counts: { trainable: countOf(variables.values()), frozen: countOf(frozen.values()) },
    forward: createForward(parts, tensors),
    teacher: createTeacher(parts, frozen),
    frozen: createFrozen(parts, tensors),
    loss: (outputs, batch) => parts.task.task.loss(outputs, batch, parts.task.options),
    encode: (batch, how = {}) => run({ batch, dropout: createDropout(), ...how }),
    read: () => readVariables(variables),
    assign: (values, from) => assignVariables(variables, values, from),
    dispose: () => {
      for (const variable of variables.values()) variable.dispose();
      store.release();
    },
  };
}
