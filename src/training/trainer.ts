import type { Example } from '../../tasks/example.js';
import type { AnyTask } from '../../tasks/task.js';
import { InterruptedError, UsageError } from '../base/errors.js';
import type { OnProgress } from '../base/progress.js';
import { seedFrom } from '../base/random.js';
import type { Collator } from '../model/batch.js';
import { type Evaluator, evaluate } from '../model/evaluate.js';
import { groupsOf } from '../model/groups.js';
import type { Model } from '../model/model.js';
import { whereNotFinite } from '../model/notFinite.js';
import type { CountsOf } from '../model/shares.js';
import { span } from '../system/spans.js';
import {
  type Checkpoint,
  pruneCheckpoints,
  readCheckpointParameters,
  requireBestWeights,
  stateFile,
  writeCheckpoint,
} from './checkpoint.js';
import { requireWithin } from './checkState.js';
import { type EpochParts, epochUpdates, type UpdateDone } from './epoch.js';
import type { MetricsLog } from './metricsLog.js';
import { stepsPerEpoch, totalSteps } from './microBatches.js';
import type { Recorder } from './recorder.js';
import type { TrainingOptions } from './settings.js';
import type { TrainStep } from './step.js';
import { afterEvaluation, afterSeconds, afterUpdate, initialState, type TrainState } from './trainState.js';

/** What training works with; all of it belongs to the caller. */
export interface TrainerParts {
  readonly model: Model;
  readonly step: TrainStep;
  readonly evaluator: Evaluator;
  readonly collator: Collator;
  readonly training: readonly Example[];
  /** Absent: the last weights are kept. */
  readonly validation?: readonly Example[] | undefined;
  readonly options: TrainingOptions;
  readonly seed: number;
  /** Whether stored values of the backbone are read; noted for a run that goes on. */
  readonly cached?: boolean | undefined;
  /** Folder of the checkpoints. */
  readonly checkpoints: string;
  readonly metrics: MetricsLog;
  /** Follows besides. */
  readonly recorder?: Recorder | undefined;
  /** Awaited before a checkpoint is written: what a run that goes on from it must know besides. */
  readonly beforeCheckpoint?: (() => Promise<void>) | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly onLog?: ((line: string) => void) | undefined;
  /** Stops after the step in progress: a checkpoint is written and InterruptedError thrown. */
  readonly signal?: AbortSignal | undefined;
}

/** Weight of the past in figures that are shown; the files have those of each step. */
const SMOOTHING = 0.9;

const smoothed = (past: number | undefined, now: number): number =>
  past === undefined ? now : SMOOTHING * past + (1 - SMOOTHING) * now;

const countsWith =
  (counts: NonNullable<AnyTask['counts']>, options: unknown): CountsOf =>
  (batch) =>
    counts(batch, options);

function requireSameData(state: TrainState, data: number): void {
  if (state.data === data) return;
  throw new UsageError({
    where: 'data.train',
    message: 'the training examples are not those of the run that is to be resumed',
    expected: 'the same files, or a run from the start',
  });
}

/**
 * Trains on from `start`, from the beginning without it, and returns the last state. The best weights and the last
 * ones are checkpoints. Stopped after any step and started again, it gives the same bytes as without the stop.
 * Throws InterruptedError after a checkpoint when the signal stops it, and Error when loss or gradients are not finite.
 */
export async function train(parts: TrainerParts, start?: Checkpoint): Promise<TrainState> {
  const { model, step, evaluator, collator, training, validation, options, metrics, seed, signal } = parts;
  const { task } = model.parts.task;
  const lengths = training.map((example) => task.length(example));
  const { evaluateEvery, checkpointEvery, patience } = options;
  const groups = groupsOf(model.parts.task, training);
  const population = { lengths, ...(groups && { groups }) };
  const total = totalSteps(population, options);
  const milestones = {
    stepsPerEpoch: stepsPerEpoch(population, options),
    totalSteps: total,
    evaluateEvery,
  };
  const { counts } = task;
  const countsOf =
    options.accumulate > 1 && counts ? countsWith(counts, model.parts.task.options) : undefined;
  const data = seedFrom(training.map(({ id }) => id).join('\0')); // as of all ids, which the stack can't hold
  const { cached } = parts;
  let state: TrainState = start?.state ?? { ...initialState, ...(cached && { cached }), data };
  let mark = performance.now();
  let shown: { loss: number; learningRate: number; examplesPerSecond: number } | undefined;

  /** Counts the seconds since the last call to a phase, and returns them. */
  const lap = (phase: 'train' | 'evaluate'): number => {
    const seconds = (performance.now() - mark) / 1000;
    mark += seconds * 1000;
    state = afterSeconds(state, phase, seconds);
    return seconds;
  };

  const save = async () => {
    await parts.beforeCheckpoint?.();
    state = { ...state, metricsBytes: metrics.bytes };
    const logs = { metrics: metrics.text, timings: parts.recorder?.timings ?? '' };
    const [parameters, slots, kept] = [await model.read(), await step.read(), await step.kept.read()];
    writeCheckpoint(parts.checkpoints, { state, parameters, slots, kept, logs });
    pruneCheckpoints(parts.checkpoints, state.best?.step);
  };

  const interrupt = async (): Promise<never> => {
    await save();
    throw new InterruptedError(`interrupted after step ${state.step} of ${total}; a checkpoint was written`);
  };

  /** Counts the update just done and logs it. */
  const advance = ({ report, learningRate, examples, groups: trained }: UpdateDone) => {
    const { epoch } = state;
    state = afterUpdate(state, milestones, trained);
    const { loss, parts: lossParts, gradientNorm } = report;
    const values = { loss, ...lossParts, gradientNorm };
    metrics.append({ step: state.step, epoch, split: 'train', values, learningRate });
    const seconds = lap('train');
    parts.recorder?.updated({ step: state.step, values, learningRate, examples, seconds });
    shown = {
      loss: smoothed(shown?.loss, loss),
      learningRate,
      examplesPerSecond: smoothed(shown?.examplesPerSecond, examples / Math.max(seconds, 1e-9)),
    };
    parts.onProgress?.({ stage: 'train', done: state.step, total, unit: 'step', values: shown });
  };

  const validate = async (examples: readonly Example[]) => {
    lap('train');
    const { batchSize } = options;
    const how = { batchSize, seed, stage: 'validation', onProgress: parts.onProgress, signal };
    const {
      report,
      loss,
      predictions,
      notes = [],
    } = await span('validation', () => evaluate(model, evaluator, collator, examples, how));
    const { name, higherIsBetter } = task.metric;
    const value = report.values[name];
    if (value === undefined) {
      const why = report.notes?.join('; ') ?? `it is not in the report of task '${task.kind}'`;
      throw new Error(`the metric '${name}' of data.validation is not known: ${why}`);
    }
    const withLoss = loss !== undefined && { loss };
    const values = { ...withLoss, ...report.values };
    metrics.append({ step: state.step, epoch: state.epoch, split: 'validation', values });
    state = afterEvaluation(
      state,
      { value, metrics: { ...report, ...withLoss } },
      { higherIsBetter, patience },
    );
    parts.onLog?.(`step ${state.step} of ${total}: validation ${name} ${value.toFixed(4)}`);
    for (const note of notes) parts.onLog?.(`validation: ${note}`);
    const seconds = lap('evaluate');
    const isBest = state.best?.step === state.step;
    const bestFiles = parts.recorder?.evaluated({
      ...{ step: state.step, values, seconds, examples, predictions, isBest },
    });
    if (bestFiles) state = { ...state, bestFiles };
    lap('evaluate');
  };

  const validateOrInterrupt = async (examples: readonly Example[]) => {
    try {
      await validate(examples);
    } catch (error) {
      if (error instanceof InterruptedError) await interrupt();
      throw error;
    }
  };

  /** The evaluation and the checkpoint that belong to the step just done. */
  const settle = async () => {
    const { evaluationDue } = state;
    if (evaluationDue && validation) await validateOrInterrupt(validation);
    const finished = state.step >= total || state.stoppedEarly;
    state = { ...state, evaluationDue: false, finished };
    const isBest = evaluationDue && state.best?.step === state.step;
    const regular = checkpointEvery === undefined ? evaluationDue : state.step % checkpointEvery === 0;
    // Told now, not at the end, when it is needed.
    if (evaluationDue && state.best && !isBest) requireBestWeights(parts.checkpoints, state.best.step);
    if (regular || isBest || finished) await span('checkpoint', save);
  };

  const runEpoch = async () => {
    const { source: kept } = step.kept;
    const explain: EpochParts['explain'] = (batch, seed) => whereNotFinite(model, batch, { seed, kept });
    for await (const update of epochUpdates({ ...parts, ...population, countsOf, explain }, state)) {
      advance(update);
      if (signal?.aborted) await interrupt();
      await settle();
      if (state.finished) return;
    }
    if (signal?.aborted) await interrupt(); // between two batches of an update, which will be done again
  };

  if (start) {
    requireSameData(start.state, data);
    requireWithin(stateFile(parts.checkpoints, start.state.step), start.state, milestones);
    model.assign(start.parameters, 'checkpoint');
    step.assign(start.slots, 'checkpoint');
    step.kept.assign(start.kept ?? new Map(), 'checkpoint');
  }
  if (total === 0) return { ...state, finished: true };
  if (state.evaluationDue) await settle();
  while (!state.finished) await runEpoch();
  return state;
}

/** Puts the weights of the best evaluation back, if there was one. */
export function restoreBest(model: Model, checkpoints: string, { best, step }: TrainState): void {
  if (best && best.step !== step) {
    requireBestWeights(checkpoints, best.step);
    model.assign(readCheckpointParameters(checkpoints, best.step), `checkpoint of step ${best.step}`);
  }
}
