import type { Example } from '../../tasks/task.js';
import { InterruptedError } from '../errors.js';
import type { OnProgress } from '../progress.js';
import type { Collator } from './batch.js';
import {
  type Checkpoint,
  initialState,
  pruneCheckpoints,
  readCheckpointParameters,
  type TrainState,
  writeCheckpoint,
} from './checkpoint.js';
import { type Evaluator, evaluate } from './evaluate.js';
import type { MetricsLog } from './metricsLog.js';
import type { Model } from './model.js';
import { type MicroBatch, microBatches, stepsPerEpoch, totalSteps } from './plan.js';
import { prefetch } from './prefetch.js';
import { scheduleFactor } from './schedule.js';
import type { TrainingOptions } from './settings.js';
import type { StepReport, TrainStep } from './step.js';

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
  /** Folder of the checkpoints. */
  readonly checkpoints: string;
  readonly metrics: MetricsLog;
  readonly onProgress?: OnProgress | undefined;
  readonly onLog?: ((line: string) => void) | undefined;
  /** Stops after the step in progress: a checkpoint is written and InterruptedError thrown. */
  readonly signal?: AbortSignal | undefined;
}

/** Sums of what the micro-batches of one update gave. */
interface UpdateReport {
  readonly loss: number;
  readonly parts: Readonly<Record<string, number>>;
  readonly gradientNorm: number;
  readonly learningRate: number;
}

interface Collected {
  readonly micro: MicroBatch;
  readonly ids: readonly string[];
  readonly batch: Awaited<ReturnType<Collator['collate']>>;
}

const weighted = (
  reports: readonly StepReport[],
  weights: readonly number[],
  of: (r: StepReport) => number,
) => reports.reduce((sum, report, index) => sum + of(report) * (weights[index] ?? 0), 0);

function summarise(reports: readonly StepReport[], weights: readonly number[], learningRate: number) {
  const names = Object.keys(reports[0]?.parts ?? {});
  const parts = names.map(
    (name) => [name, weighted(reports, weights, (report) => report.parts[name] ?? 0)] as const,
  );
  return {
    loss: weighted(reports, weights, (report) => report.loss),
    parts: Object.fromEntries(parts),
    gradientNorm: reports.at(-1)?.gradientNorm ?? 0,
    learningRate,
  };
}

/** Trains on from `start`, from the beginning without it, and returns the last state; the best is a checkpoint. */
export async function train(parts: TrainerParts, start?: Checkpoint): Promise<TrainState> {
  return createTrainer(parts, start).run();
}

function createTrainer(parts: TrainerParts, start?: Checkpoint) {
  const { model, step, evaluator, collator, training, validation, options, metrics, seed } = parts;
  const lengths = training.map((example) => model.parts.task.task.length(example));
  const perEpoch = stepsPerEpoch(training.length, options);
  const total = totalSteps(training.length, options);
  const metric = model.parts.task.task.metric;
  let state: TrainState = start?.state ?? initialState;
  let mark = performance.now();
  let rate = 0;

  /** Adds the time since the last call to a phase. */
  const lap = (phase: 'train' | 'evaluate'): number => {
    const seconds = (performance.now() - mark) / 1000;
    mark += seconds * 1000;
    state = { ...state, seconds: { ...state.seconds, [phase]: state.seconds[phase] + seconds } };
    return seconds;
  };

  const save = async () => {
    state = { ...state, metricsBytes: metrics.bytes };
    writeCheckpoint(parts.checkpoints, { state, parameters: await model.read(), slots: await step.read() });
    pruneCheckpoints(parts.checkpoints, state.best?.step);
  };

  const interrupt = async (): Promise<never> => {
    await save();
    throw new InterruptedError(`interrupted after step ${state.step} of ${total}; a checkpoint was written`);
  };

  const check = (report: StepReport, { ids }: Collected, learningRate: number) => {
    const { loss, gradientNorm = 0 } = report;
    if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) return;
    const what = Number.isFinite(loss) ? `the gradient norm is ${gradientNorm}` : `the loss is ${loss}`;
    throw new Error(
      `training diverged at step ${state.step + 1}: ${what} at learning rate ${learningRate}; examples of the batch: ${ids.join(', ')}`,
    );
  };

  const collect = async (micro: MicroBatch): Promise<Collected> => {
    const examples = micro.examples.map((index) => training[index] as Example);
    const number = state.epoch * perEpoch + micro.stepInEpoch;
    const batch = await collator.collate(examples, {
      training: true,
      seed: [seed, 'batch', number, micro.index],
    });
    return { micro, ids: examples.map(({ id }) => id), batch };
  };

  const runMicro = async (collected: Collected, learningRate: number): Promise<StepReport> => {
    const { micro, batch } = collected;
    const report = await step.run({
      batch,
      seed: [seed | 0, state.step * options.accumulate + micro.index],
      weight: micro.weight,
      ...(micro.last && { update: { learningRate, step: state.step + 1 } }),
    });
    check(report, collected, learningRate);
    return report;
  };

  const log = (report: UpdateReport, examples: number) => {
    const { loss, parts: lossParts, gradientNorm, learningRate } = report;
    const { step: done, epoch } = state;
    metrics.append({
      step: done,
      epoch,
      split: 'train',
      values: { loss, ...lossParts, gradientNorm },
      learningRate,
    });
    const now = examples / Math.max(lap('train'), 1e-9);
    rate = rate === 0 ? now : 0.9 * rate + 0.1 * now;
    const values = { loss, learningRate, examplesPerSecond: rate };
    parts.onProgress?.({ stage: 'train', done, total, unit: 'step', values });
  };

  /** Counts an update as done; the log is written with the epoch that it was part of. */
  const advance = (report: UpdateReport, examples: number) => {
    state = { ...state, step: state.step + 1, stepInEpoch: state.stepInEpoch + 1 };
    log(report, examples);
    const epochEnds = state.stepInEpoch === perEpoch;
    const every = options.evaluateEvery;
    const last = state.step === total;
    const evaluationDue = last || (every === undefined ? epochEnds : state.step % every === 0);
    if (epochEnds) state = { ...state, epoch: state.epoch + 1, stepInEpoch: 0 };
    state = { ...state, evaluationDue };
  };

  const compare = (value: number) => {
    const { best } = state;
    const better = !best || (metric.higherIsBetter ? value > best.value : value < best.value);
    const evaluationsWithoutBetter = better ? 0 : state.evaluationsWithoutBetter + 1;
    const stoppedEarly = evaluationsWithoutBetter >= (options.patience ?? Number.POSITIVE_INFINITY);
    state = {
      ...state,
      ...(better && { best: { step: state.step, value } }),
      evaluationsWithoutBetter,
      stoppedEarly,
    };
  };

  const validate = async (examples: readonly Example[]) => {
    lap('train');
    const { batchSize } = options;
    const how = { batchSize, seed, stage: 'validation', onProgress: parts.onProgress, signal: parts.signal };
    const { report, loss } = await evaluate(model, evaluator, collator, examples, how);
    const value = report.values[metric.name];
    if (value === undefined) throw new Error(`the task's metric '${metric.name}' is not in its report`);
    const values = { ...(loss !== undefined && { loss }), ...report.values };
    metrics.append({ step: state.step, epoch: state.epoch, split: 'validation', values });
    compare(value);
    parts.onLog?.(`step ${state.step} of ${total}: validation ${metric.name} ${value.toFixed(4)}`);
    lap('evaluate');
  };

  /** The evaluation and the checkpoint that belong to the step just done. */
  const settle = async () => {
    const { evaluationDue } = state;
    if (evaluationDue && validation) {
      try {
        await validate(validation);
      } catch (error) {
        if (error instanceof InterruptedError) await interrupt();
        throw error;
      }
    }
    const finished = state.step >= total || state.stoppedEarly;
    state = { ...state, evaluationDue: false, finished };
    const every = options.checkpointEvery;
    const isBest = evaluationDue && state.best?.step === state.step;
    const due = every === undefined ? evaluationDue : state.step % every === 0;
    if (due || isBest || finished) await save();
  };

  const runEpoch = async () => {
    const micros = microBatches(lengths, { ...options, seed }, state);
    let reports: StepReport[] = [];
    let weights: number[] = [];
    let examples = 0;
    for await (const collected of prefetch(micros, collect)) {
      const learningRate =
        options.optimizer.learningRate * scheduleFactor(options.schedule, state.step, total);
      reports.push(await runMicro(collected, learningRate));
      weights.push(collected.micro.weight);
      examples += collected.ids.length;
      if (!collected.micro.last) continue;
      advance(summarise(reports, weights, learningRate), examples);
      [reports, weights, examples] = [[], [], 0];
      if (parts.signal?.aborted) await interrupt();
      await settle();
      if (state.finished) return;
    }
  };

  return {
    run: async (): Promise<TrainState> => {
      if (start) {
        model.assign(start.parameters, 'checkpoint');
        step.assign(start.slots, 'checkpoint');
      }
      if (total === 0) return { ...state, finished: true };
      if (state.evaluationDue) await settle();
      while (!state.finished) await runEpoch();
      return state;
    },
  };
}

/** Puts the weights of the best evaluation back, if there was one. */
export function restoreBest(model: Model, checkpoints: string, { best, step }: TrainState): void {
  if (best && best.step !== step) {
    model.assign(readCheckpointParameters(checkpoints, best.step), `checkpoint of step ${best.step}`);
  }
}
