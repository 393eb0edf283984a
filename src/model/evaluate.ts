import type { Example } from '../../tasks/example.js';
import type { Loss, MetricReport, Prediction } from '../../tasks/task.js';
import type { HostTensor, InputBatch } from '../base/hostTensor.js';
import { signatureOf } from '../base/hostTensor.js';
import type { OnProgress } from '../base/progress.js';
import { createRandom } from '../base/random.js';
import { type Compiled, compile, fromHost, readTensor, type TensorTree } from '../engine/index.js';
import { stopIfAsked } from '../system/stopIfAsked.js';
import type { Collator } from './batch.js';
import { membersOf } from './groups.js';
import type { Measurable } from './measurable.js';
import type { FittedTask, Model } from './model.js';
import { named, outputsNotFinite, whereNotFinite } from './notFinite.js';
import { prefetch } from './prefetch.js';
import { batchesByLength } from './sampler.js';
import { type BatchLoss, lossOfAll } from './splitLoss.js';

/** What one batch gave. */
interface Evaluated {
  readonly outputs: Readonly<Record<string, HostTensor>>;
  readonly loss?: number;
  /** Of the loss, and what it is a sum of, as `Loss.sums`. */
  readonly parts?: Readonly<Record<string, number>>;
  readonly sums?: Loss['sums'];
}

/** The forward pass of a model without dropout, compiled. */
export interface Evaluator {
  /**
   * Values that `task.predict` needs, and the loss when the batch has targets. Throws an Error that names where it comes
   * from, and the rows, when an output is not finite, or the loss and anything before it.
   * @param ids what the rows of the batch are called
   */
  run(batch: InputBatch, ids?: readonly string[]): Promise<Evaluated>;
  /** Bytes that a batch of such inputs takes; nothing is computed. */
  memory: Measurable['memory'];
  readonly traces: number;
  dispose(): void;
}

const LOSS = 'evaluation.loss';
/** What begins the names of the parts of the loss. */
const PART = 'evaluation.loss.';

type Scales = ReadonlyMap<string, number> | undefined;

const hasTargets = (batch: TensorTree) => Object.keys(batch).some((name) => name.startsWith('target.'));

/** The loss of a batch and, where these are means over different things, its parts. */
function lossOutputs(
  { parts: { task }, loss }: Model,
  outputs: TensorTree,
  batch: TensorTree,
  noteSums: (sums: Loss['sums']) => void,
): TensorTree {
  const { total, parts = {}, sums } = loss(outputs, batch);
  if (!task.task.counts) return { [LOSS]: total };
  noteSums(sums);
  return {
    [LOSS]: total,
    ...Object.fromEntries(Object.entries(parts).map(([name, part]) => [PART + name, part])),
  };
}

function evaluationPass(
  model: Model,
  batch: TensorTree,
  scales: Scales,
  noteSums: (sums: Loss['sums']) => void,
): TensorTree {
  const outputs = model.forward(batch, undefined, scales);
  const { kind, predictionOutputs } = model.parts.task.task;
  const wanted = predictionOutputs.flatMap((name) => {
    const output = outputs[name];
    return output ? [[name, output] as const] : [];
  });
  if (wanted.length === 0) {
    throw new Error(`task '${kind}' has none of the outputs ${predictionOutputs.join(', ')} to predict from`);
  }
  const loss = hasTargets(batch) && lossOutputs(model, outputs, batch, noteSums);
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

/** Throws an Error where values are not finite; a loss alone may be so, of which nothing before it tells. */
async function requireFinite(
  { model, scales }: { readonly model: Model; readonly scales: Scales },
  batch: InputBatch,
  { outputs, loss = 0 }: Evaluated,
  ids: readonly string[],
): Promise<void> {
  const wrong = outputsNotFinite(outputs, ids);
  if (!wrong && Number.isFinite(loss)) return;
  const where = await whereNotFinite(model, batch, { scales });
  if (!wrong && !where) return;
  const what = wrong ?? `the loss is ${loss} for ${named(ids)}`;
  throw new Error(`the model does not give finite numbers: ${what}${where ? `; ${where}` : ''}`);
}

/**
 * Compiles the forward pass of a model; it reads the values that its variables have at each run.
 * @param scales factor of each adapter's change; default 1
 */
export function createEvaluator(model: Model, scales?: Scales): Evaluator {
  /** By signature, since a traced call does not run JavaScript again. */
  const sumsOf = new Map<string, Loss['sums']>();
  const pass = (batch: TensorTree) =>
    evaluationPass(model, batch, scales, (sums) => void sumsOf.set(signatureOf(batch), sums));
  const compiled = compile(pass, { name: 'evaluation' });
  return {
    run: async (batch, ids = []) => {
      const { [LOSS]: loss, ...values } = await readAll(compiled, batch);
      const entries = Object.entries(values);
      const parts = entries.flatMap(([name, { data }]) =>
        name.startsWith(PART) ? [[name.slice(PART.length), data[0] as number] as const] : [],
      );
      const sums = sumsOf.get(signatureOf(batch));
      const evaluated = {
        outputs: Object.fromEntries(entries.filter(([name]) => !name.startsWith(PART))),
        ...(loss && { loss: loss.data[0] as number, parts: Object.fromEntries(parts) }),
        ...(sums && { sums }),
      };
      await requireFinite({ model, scales }, batch, evaluated, ids);
      return evaluated;
    },
    memory: (shapes) => compiled.memory(shapes),
    get traces() {
      return compiled.traces;
    },
    dispose: () => compiled.dispose(),
  };
}

/** What evaluating one split gave. */
export interface Evaluation {
  readonly report: MetricReport;
  /** Of the report's notes those on the loss. */
  readonly notes?: readonly string[];
  /** In the order of the examples. */
  readonly predictions: readonly Prediction[];
  /** Of the whole split as of one batch; absent without targets, and where it is not finite, of which the report has a note. */
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
  /** What a person should know of the loss. */
  readonly notes?: readonly string[];
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
    run: async (batch, ids) => {
      await stopIfAsked(signal, `during ${stage}`);
      return (await evaluator.run((await collator.resolve?.(batch)) ?? batch, ids)).outputs;
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
  const losses: BatchLoss[] = [];
  let done = 0;
  const collate = async (indices: readonly number[]) => {
    const chosen = indices.map((index) => examples[index] as Example);
    const seed = [options.seed, 'evaluation', indices[0] ?? 0];
    return { indices, chosen, batch: await collator.collate(chosen, { training: false, seed }) };
  };
  for await (const { indices, chosen, batch } of prefetch(batches, collate)) {
    await stopIfAsked(options.signal, `during ${options.stage}`);
    const ids = chosen.map(({ id }) => id);
    const { outputs, loss, parts = {}, sums } = await evaluator.run(batch, ids);
    const made = task.predict(outputs, chosen, state, taskOptions);
    indices.forEach((index, row) => {
      predictions[index] = made[row] as Prediction;
    });
    if (loss !== undefined) {
      const counts = task.counts?.(batch, taskOptions) ?? {};
      losses.push({ loss, parts, ...(sums && { sums }), ids, counts });
    }
    done += indices.length;
    options.onProgress?.({ stage: options.stage, done, total: examples.length, unit: 'example' });
  }
  return { predictions, ...lossOfAll(losses, examples.length) };
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
  const notes: string[] = [];
  for (const [group, indices] of groups) {
    const own = indices.map((index) => examples[index] as Example);
    const stage = group === undefined ? options.stage : `${options.stage} ${group}`;
    const made = await predictMixed(model, evaluator, collator, own, { ...options, stage });
    indices.forEach((index, row) => {
      predictions[index] = made.predictions[row] as Prediction;
    });
    if (made.loss !== undefined) losses.push(made.loss * (indices.length / examples.length));
    notes.push(...(made.notes ?? []));
  }
  const known = losses.length === groups.length && losses.length > 0;
  return {
    predictions,
    ...(known && { loss: losses.reduce((sum, one) => sum + one, 0) }),
    ...(notes.length > 0 && { notes }),
  };
}

/** The metrics of predictions; throws an Error that names those that are no finite numbers. */
export function reportOf(
  { task, options }: FittedTask,
  { predictions, notes = [] }: Pick<Predicted, 'predictions' | 'notes'>,
  examples: readonly Example[],
): MetricReport {
  const report = task.evaluate(predictions, examples, options);
  const wrong = Object.entries(report.values).filter(([, value]) => !Number.isFinite(value));
  if (wrong.length > 0) {
    const told = wrong.map(([name, value]) => `${name} is ${value}`).join(', ');
    throw new Error(`the metrics of task '${task.kind}' are not finite: ${told}`);
  }
  return notes.length > 0 ? { ...report, notes: [...(report.notes ?? []), ...notes] } : report;
}

/** Predictions, metrics and loss of one split. */
export async function evaluate(
  model: Model,
  evaluator: Evaluator,
  collator: Collator,
  examples: readonly Example[],
  options: EvaluationOptions,
): Promise<Evaluation> {
  const { notes, ...predicted } = await predictAll(model, evaluator, collator, examples, options);
  const report = reportOf(model.parts.task, { ...predicted, ...(notes && { notes }) }, examples);
  return { ...predicted, report, ...(notes && { notes }) };
}
