import type { Weights } from '../backbones/backbone.js';
import { type HostTensor, type InputBatch, int32, signatureOf } from '../base/hostTensor.js';
import { fromHost, readTensor, type Tensor, tf } from '../engine/index.js';
import { createKept } from '../model/kept.js';
import type { Measurable } from '../model/measurable.js';
import type { KeptSource, Model } from '../model/model.js';
import { assignVariables, readVariables } from '../model/trainable.js';
import type { StepReport } from '../model/updateReport.js';
import { span } from '../system/spans.js';
import type { Optimizer } from './optimizers/optimizer.js';
import type { TrainingOptions } from './settings.js';
import {
  type Call,
  compileAdd,
  compileWhole,
  createApply,
  type Found,
  PREFIX,
  type StepParts,
  type Sums,
  type Traced,
  WEIGHT,
} from './stepCalls.js';
import { createUpdater, type UpdateMoment, type UpdateOptions, zerosLike } from './updates.js';

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
  /** What is kept from one step to the next besides. */
  readonly kept: {
    read(): Promise<Map<string, HostTensor>>;
    /** As that of the slots. */
    assign(values: Weights, from: string): void;
    /** For a pass that is done again. */
    readonly source: KeptSource | undefined;
  };
  /** Bytes that a batch of such inputs takes; nothing is computed. */
  memory: Measurable['memory'];
  /** Shape signatures traced so far. */
  readonly traces: number;
  dispose(): void;
}

export type StepOptions = UpdateOptions & Pick<TrainingOptions, 'accumulate'>;

const SCALAR = { dtype: 'float32', shape: [] } as const;

const named = (values: Readonly<Record<string, number>>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [PREFIX + name, tf.scalar(value)]));

const onDevice = (batch: InputBatch): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(batch).map(([name, host]) => [name, fromHost(host)]));

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

/** Makes the compiled step: without accumulation, one call on the device a batch; only scalars are read back. */
export function createStep(model: Model, options: StepOptions, optimizer: Optimizer): TrainStep {
  const accumulates = options.accumulate > 1;
  const updater = createUpdater(model.trainables, options, optimizer);
  const sums: Sums = new Map(
    model.trainables.flatMap((one) => (accumulates ? [[one.name, zerosLike(one)] as const] : [])),
  );
  const traced: Traced = new Map();
  const kept = createKept(model);
  const parts: StepParts = { model, kept, traced };
  const whole = compileWhole(parts, updater);
  const add = compileAdd(parts, sums);
  const apply = createApply(parts, updater, sums);
  /** Parameters whose sums have gradients. */
  const moved = new Set<string>();
  const foundOf = (batch: InputBatch) => traced.get(signatureOf(batch)) as Found;

  /** [loss, parts..., and with an update: norm]. */
  const run = async ({ batch, seed, weight, weights = {}, update }: StepInput): Promise<number[]> => {
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
      const [loss, ...rest] = await run(input);
      const { partNames, sums: partSums } = foundOf(input.batch);
      const values = partNames.map((name, index) => [name, rest[index] as number] as const);
      const norm = input.update && { gradientNorm: rest.at(-1) as number };
      return {
        loss: loss as number,
        parts: Object.fromEntries(values),
        ...(partSums && { sums: partSums }),
        ...norm,
      };
    },
    read: () => readVariables(updater.slots),
    assign: (from, file) => assignVariables(updater.slots, from, file),
    kept: {
      read: () => readVariables(kept.variables),
      assign: (from, file) => assignVariables(kept.variables, from, file),
      source: kept.source,
    },
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
      kept.dispose();
    },
  };
}
