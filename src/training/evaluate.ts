import type { Example, MetricReport, Prediction } from '../../tasks/task.js';
import type { HostTensor, InputBatch } from '../data/hostTensor.js';
import { type Compiled, compile, fromHost, readTensor, type TensorTree } from '../engine/index.js';
import { InterruptedError } from '../errors.js';
import type { OnProgress } from '../progress.js';
import { createRandom } from '../random.js';
import type { Collator } from './batch.js';
import { membersOf } from './groups.js';
import type { Model } from './model.js';
import { prefetch } from './prefetch.js';
import { batchesByLength } from './sampler.js';

/** The forward pass of a model without dropout, compiled. */
export interface Evaluator {
  /** Values that `task.predict` needs, and the loss when the batch has targets. */
  run(batch: InputBatch): Promise<{ outputs: Record<string, HostTensor>; loss?: number }>;
  readonly traces: number;
  dispose(): void;
}

const LOSS = 'evaluation.loss';

type Scales = ReadonlyMap<string, number> | undefined;

const hasTargets = (batch: TensorTree) => Object.keys(batch).some((name) => name.startsWith('target.'));

function evaluationPass(model: Model, batch: TensorTree, scales: Scales): TensorTree {
  const outputs = model.forward(batch, undefined, scales);
  const { kind, predictionOutputs } = model.parts.task.task;
  const wanted = predictionOutputs.flatMap((name) => {
    const output = outputs[name];
    return output ? [[name, output] as const] : [];
  });
  if (wanted.length === 0) {
    throw new Error(`task '${kind}' has none of the outputs ${predictionOutputs.join(', ')} to predict from`);
  }
  const loss = hasTargets(batch) && { [LOSS]: model.loss(outputs, batch).total };
  return { ...Object.fromEntries(wanted), ...loss };
}

async function readAll(
  compiled: Compiled<TensorTree, TensorTree>,
  batch: InputBatch,
): Promise<Record<string, HostTensor>> {
  const inputs = Object.entries(batch).map(([name, host]) => [name, fromHost(host)] as const);
  try {
    const outputs = Object.entries(await compiled.run(Object.fromEntries(inputs)));
    const values: Record<string, HostTensor> = {};
    for (const [name, tensor] of outputs) values[name] = await readTensor(tensor);
    for (const [, tensor] of outputs) tensor.dispose();
    return values;
  } finally {
    for (const [, tensor] of inputs) tensor.dispose();
  }
}

/**
 * Compiles the forward pass of a model; it reads the values that its variables have at each run.
 * @param scales factor of each adapter's change; default 1
 */
export function createEvaluator(model: Model, scales?: Scales): Evaluator {
  const compiled = compile((batch: TensorTree) => evaluationPass(model, batch, scales), {
    name: 'evaluation',
  });
  return {
    run: async (batch) => {
      const { [LOSS]: loss, ...outputs } = await readAll(compiled, batch);
      return { outputs, ...(loss && { loss: loss.data[0] as number }) };
    },
    get traces() {
      return compiled.traces;
    },
    dispose: () => compiled.dispose(),
  };
}

/** What evaluating one split gave. */
export interface Evaluation {
  readonly report: MetricReport;
  /** In the order of the examples. */
  readonly predictions: readonly Prediction[];
  /** Mean over the examples; absent without targets. */
  readonly loss?: number;
}

export interface EvaluationOptions {
  readonly batchSize: number;
  readonly seed: number;
  /** What the progress is called, for example `validation`. */
  readonly stage: string;
  readonly onProgress?: OnProgress | undefined;
  /** Stops before the next batch with InterruptedError. */
  readonly signal?: AbortSignal | undefined;
}

interface Predicted {
  /** In the order of the examples. */
  readonly predictions: readonly Prediction[];
  readonly loss?: number;
}

/** Predictions of a task that has its own way through a split; undefined where these examples take one pass a batch. */
async function inferAll(
  model: Model,
  evaluator: Evaluator,
  collator: Collator,
  examples: readonly Example[],
  { batchSize, seed, stage, onProgress, signal }: EvaluationOptions,
): Promise<Predicted | undefined> {
  const { task, state, options } = model.parts.task;
  const predictions = await task.infer?.({
    examples,
    state,
    options,
    batchSize,
    backbone: model.parts.backbone.shape,
    processor: collator.processor,
    random: createRandom(seed, 'inference'),
    training: false,
    run: async (batch) => {
      if (signal?.aborted) throw new InterruptedError(`interrupted during ${stage}`);
      return (await evaluator.run((await collator.resolve?.(batch)) ?? batch)).outputs;
    },
    onProgress: (done, total) => onProgress?.({ stage, done, total, unit: 'input' }),
  });
  return predictions && { predictions };
}

/** Predictions of examples that may share batches, which are made by length. */
async function predictMixed(
  model: Model,
  evaluator: Evaluator,
  collator: Collator,
  examples: readonly Example[],
  options: EvaluationOptions,
): Promise<Predicted> {
  const { task, state, options: taskOptions } = model.parts.task;
  const inferred = await inferAll(model, evaluator, collator, examples, options);
  if (inferred) return inferred;
  const lengths = examples.map((example) => task.length(example));
  const batches = batchesByLength(lengths, options.batchSize);
  const predictions = new Array<Prediction>(examples.length);
  const losses: number[] = [];
  let done = 0;
  const collate = async (indices: readonly number[]) => {
    const chosen = indices.map((index) => examples[index] as Example);
    const seed = [options.seed, 'evaluation', indices[0] ?? 0];
    return { indices, chosen, batch: await collator.collate(chosen, { training: false, seed }) };
  };
  for await (const { indices, chosen, batch } of prefetch(batches, collate)) {
    if (options.signal?.aborted) throw new InterruptedError(`interrupted during ${options.stage}`);
    const { outputs, loss } = await evaluator.run(batch);
    const made = task.predict(outputs, chosen, state, taskOptions);
    indices.forEach((index, row) => {
      predictions[index] = made[row] as Prediction;
    });
    if (loss !== undefined) losses.push(loss * indices.length);
    done += indices.length;
    options.onProgress?.({ stage: options.stage, done, total: examples.length, unit: 'example' });
  }
  if (losses.length < batches.length || losses.length === 0) return { predictions };
  return { predictions, loss: losses.reduce((sum, one) => sum + one, 0) / examples.length };
}

/**
 * Predictions for every example, given back in their order; groups of examples one after another. The loss is known
 * where all of them have one.
 */
export async function predictAll(
  model: Model,
  evaluator: Evaluator,
  collator: Collator,
  examples: readonly Example[],
  options: EvaluationOptions,
): Promise<Predicted> {
  const groups = [...membersOf(model.parts.task, examples)];
  const predictions = new Array<Prediction>(examples.length);
  const losses: number[] = [];
  for (const [group, indices] of groups) {
    const own = indices.map((index) => examples[index] as Example);
    const stage = group === undefined ? options.stage : `${options.stage} ${group}`;
    const made = await predictMixed(model, evaluator, collator, own, { ...options, stage });
    indices.forEach((index, row) => {
      predictions[index] = made.predictions[row] as Prediction;
    });
    if (made.loss !== undefined) losses.push(made.loss * (indices.length / examples.length));
  }
  if (losses.length < groups.length || losses.length === 0) return { predictions };
  return { predictions, loss: losses.reduce((sum, one) => sum + one, 0) };
}

/** Predictions, metrics and loss of one split. */
export async function evaluate(
  model: Model,
  evaluator: Evaluator,
  collator: Collator,
  examples: readonly Example[],
  options: EvaluationOptions,
): Promise<Evaluation> {
  const { task, options: taskOptions } = model.parts.task;
  const predicted = await predictAll(model, evaluator, collator, examples, options);
  return { ...predicted, report: task.evaluate(predicted.predictions, examples, taskOptions) };
}
