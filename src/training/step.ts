import type { Loss } from '../../tasks/task.js';
import type { Weights } from '../backbones/backbone.js';
import { type HostTensor, type InputBatch, int32, signatureOf } from '../base/hostTensor.js';
import {
  type Compiled,
  compile,
  fromHost,
  readTensor,
  type Tensor,
  type TensorTree,
  tf,
  type Variable,
} from '../engine/index.js';
import { lossGradients, type WeightOf } from '../model/gradients.js';
import type { Measurable } from '../model/measurable.js';
import type { Model } from '../model/model.js';
import { assignVariables, readVariables } from '../model/trainable.js';
import type { StepReport } from '../model/updateReport.js';
import { span } from '../system/spans.js';
import type { Optimizer } from './optimizers/optimizer.js';
import type { TrainingOptions } from './settings.js';
import { createUpdater, type UpdateMoment, type UpdateOptions, type Updater, zerosLike } from './updates.js';

/** One micro-batch of an update. */
interface StepInput {
  readonly batch: InputBatch;
  /** int32 pair that all random draws on the device follow from. */
  readonly seed: readonly [number, number];
  /** Share of the update's examples that are in this batch; the shares of one update add up to 1. */
  readonly weight: number;
  /** Of parts of the loss that are means over something else, the share of that. */
  readonly weights?: Readonly<Record<string, number>>;
  /** On the last micro-batch of an update. */
  readonly update?: UpdateMoment;
}

/** The compiled training step of one model. */
export interface TrainStep {
  run(input: StepInput): Promise<StepReport>;
  /** Optimizer slots, `<slot>.<parameter>`. */
  read(): Promise<Map<string, HostTensor>>;
  /** Sets the optimizer slots; UsageError names `from` and what doesn't fit. */
  assign(values: Weights, from: string): void;
  /** Bytes that a batch of such inputs takes; nothing is computed. */
  memory: Measurable['memory'];
  /** Shape signatures traced so far. */
  readonly traces: number;
  dispose(): void;
}

export type StepOptions = UpdateOptions & Pick<TrainingOptions, 'accumulate'>;

type Call = Compiled<TensorTree, { report: Tensor }>;

const SCALAR = { dtype: 'float32', shape: [] } as const;

/** Inputs of a compiled call that are not the batch's are called `step.*`. */
const PREFIX = 'step.';

const named = (values: Readonly<Record<string, number>>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [PREFIX + name, tf.scalar(value)]));

const onDevice = (batch: InputBatch): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(batch).map(([name, host]) => [name, fromHost(host)]));

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

/** Runs a call, reads its report and frees inputs and outputs. */
async function reportOf(call: Call, inputs: Record<string, Tensor>): Promise<number[]> {
  try {
    const { report } = await span('step', () => call.run(inputs));
    const { data } = await span('read losses', () => readTensor(report));
    report.dispose();
    return [...data];
  } finally {
    for (const tensor of Object.values(inputs)) tensor.dispose();
  }
}

/** What tracing a batch found out. */
interface Found {
  readonly partNames: readonly string[];
  readonly sums?: Loss['sums'];
  /** Parameters that its loss depends on. */
  readonly moved: readonly string[];
}

/** Findings by signature, since a traced call does not run JavaScript again. */
type Traced = Map<string, Found>;

/** What begins the names of the weights of single parts. */
const WEIGHT = 'weight.';

function tracedGradients(
  model: Model,
  inputs: TensorTree,
  traced: Traced,
  weightOf?: (own: TensorTree) => WeightOf,
) {
  const { own, batch } = split(inputs);
  const { values, partNames, sums, byName } = lossGradients(
    model,
    batch,
    own.seed as Tensor,
    weightOf?.(own),
  );
  traced.set(signatureOf(batch), { partNames, ...(sums && { sums }), moved: [...byName.keys()] });
  return { own, values, byName };
}

/** The weight of a part, or of the batch where the part has none of its own. */
const weightsIn =
  (own: TensorTree): WeightOf =>
  (part) =>
    (own[WEIGHT + part] ?? own.weight) as Tensor;

/** Forward, loss, gradients, clipping and update as one call. */
const compileWhole = (model: Model, updater: Updater, traced: Traced): Call =>
  compile(
    (inputs) => {
      const { own, values, byName } = tracedGradients(model, inputs, traced);
      return { report: tf.concat([values, tf.reshape(updater.apply(byName, own), [1])]) };
    },
    { name: 'training step' },
  );

type Sums = ReadonlyMap<string, Variable>;

/** Forward, loss and gradients, which are added to `sums`. */
const compileAdd = (model: Model, sums: Sums, traced: Traced): Call =>
  compile(
    (inputs) => {
      const { values, byName } = tracedGradients(model, inputs, traced, weightsIn);
      for (const [name, gradient] of byName) {
        const sum = sums.get(name) as Variable;
        sum.assign(tf.add(sum, gradient));
      }
      return { report: values };
    },
    { name: 'gradient accumulation' },
  );

/** Clipping and update of some parameters by their sums, which start again at 0. */
const compileApply = (updater: Updater, sums: Sums): Call =>
  compile(
    (inputs) => {
      const norm = updater.apply(sums, split(inputs).own);
      for (const sum of sums.values()) sum.assign(tf.zerosLike(sum));
      return { report: tf.reshape(norm, [1]) };
    },
    { name: 'optimizer update' },
  );

/** The call that applies the gradients of these parameters: one for each set of them that updates move. */
function createApply(updater: Updater, sums: Sums) {
  const calls = new Map<string, Call>();
  return {
    calls,
    of: (moved: ReadonlySet<string>): Call => {
      const own = new Map([...sums].filter(([name]) => moved.has(name)));
      const key = [...own.keys()].join();
      const call = calls.get(key) ?? compileApply(updater, own);
      calls.set(key, call);
      return call;
    },
  };
}

/** Makes the compiled step: without accumulation, one call on the device a batch; only scalars are read back. */
export function createStep(model: Model, options: StepOptions, optimizer: Optimizer): TrainStep {
  const accumulates = options.accumulate > 1;
  const updater = createUpdater(model.trainables, options, optimizer);
  const sums: Sums = new Map(
    model.trainables.flatMap((one) => (accumulates ? [[one.name, zerosLike(one)] as const] : [])),
  );
  const traced: Traced = new Map();
  const whole = compileWhole(model, updater, traced);
  const add = compileAdd(model, sums, traced);
  const apply = createApply(updater, sums);
  /** Parameters whose sums have gradients. */
  const moved = new Set<string>();
  const foundOf = (batch: InputBatch) => traced.get(signatureOf(batch)) as Found;

  /** [loss, parts..., and with an update: norm]. */
  const values = async ({ batch, seed, weight, weights = {}, update }: StepInput): Promise<number[]> => {
    const inputs = span('upload', () => onDevice(batch));
    inputs[`${PREFIX}seed`] = fromHost(int32([2], Int32Array.from(seed)));
    if (!accumulates && update) return reportOf(whole, { ...inputs, ...named(updater.scalars(update)) });
    const single = Object.entries(weights).map(([part, share]) => [WEIGHT + part, share] as const);
    const losses = await reportOf(add, {
      ...inputs,
      ...named({ weight, ...Object.fromEntries(single) }),
    });
    for (const name of foundOf(batch).moved) moved.add(name);
    if (!update) return losses;
    const norm = await reportOf(apply.of(moved), named(updater.scalars(update)));
    moved.clear();
    return [...losses, ...norm];
  };

  return {
    run: async (input) => {
      const [loss, ...rest] = await values(input);
      const { partNames, sums: partSums } = foundOf(input.batch);
      const parts = partNames.map((name, index) => [name, rest[index] as number] as const);
      const norm = input.update && { gradientNorm: rest.at(-1) as number };
      return {
        loss: loss as number,
        parts: Object.fromEntries(parts),
        ...(partSums && { sums: partSums }),
        ...norm,
      };
    },
    read: () => readVariables(updater.slots),
    assign: (from, file) => assignVariables(updater.slots, from, file),
    memory: (shapes) => {
      const scalar = (values: object) =>
        Object.fromEntries(Object.keys(values).map((name) => [PREFIX + name, SCALAR]));
      const seed = { [`${PREFIX}seed`]: { dtype: 'int32', shape: [2] } as const };
      const inputs = { ...shapes, ...seed };
      if (accumulates) return add.memory({ ...inputs, ...scalar({ weight: 1 }) });
      return whole.memory({ ...inputs, ...scalar(updater.scalars({ learningRate: 0, step: 1 })) });
    },
    get traces() {
      return [whole, add, ...apply.calls.values()].reduce((sum, { traces }) => sum + traces, 0);
    },
    dispose: () => {
      for (const call of [whole, add, ...apply.calls.values()]) call.dispose();
      for (const variable of [...updater.slots.values(), ...sums.values()]) variable.dispose();
    },
  };
}
