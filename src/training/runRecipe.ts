import type { Example, Prediction } from '../../tasks/task.js';
import { writeFileAtomically } from '../checkpoints/atomicFile.js';
import { writeJson } from '../checkpoints/jsonFile.js';
import { startEngine } from '../engine/index.js';
import { InterruptedError, UsageError } from '../errors.js';
import type { OnProgress } from '../progress.js';
import { createCollator } from './batch.js';
import { describeEnvironment, peakMemoryBytes } from './environment.js';
import { createEvaluator, predictAll } from './evaluate.js';
import { openMetricsLog } from './metricsLog.js';
import { createModel } from './model.js';
import { type Prepared, prepare, type RunModules, shippedModules } from './prepare.js';
import { type OpenOptions, openRunFolder, type RunFolder } from './runFolder.js';
import { saveModel } from './saveRun.js';
import type { RunSettings } from './settings.js';
import { createStep } from './step.js';
import type { RunSummary, SplitMetrics } from './summary.js';
import { restoreBest, type TrainerParts, train } from './trainer.js';
import type { TrainState } from './trainState.js';

/** How a run is followed and steered. */
export interface RunOptions extends OpenOptions {
  readonly onProgress?: OnProgress;
  /** One line for a person, without a line end. */
  readonly onLog?: (line: string) => void;
  /** Stops the run after the step in progress; it can be resumed. */
  readonly signal?: AbortSignal;
}

/** Seconds since the last call. */
function createClock(): () => number {
  let mark = performance.now();
  return () => {
    const seconds = (performance.now() - mark) / 1000;
    mark += seconds * 1000;
    return seconds;
  };
}

const writePredictions = (path: string, predictions: readonly Prediction[]): void =>
  writeFileAtomically(path, `[\n${predictions.map((one) => JSON.stringify(one)).join(',\n')}\n]\n`);

type Split = 'validation' | 'test';

/** The best weights on one split: predictions are written before they are scored, since labels may be missing. */
async function evaluateSplit(
  parts: TrainerParts,
  split: Split,
  examples: readonly Example[],
  folder: RunFolder,
) {
  const { model, evaluator, collator, options, seed, onProgress, signal } = parts;
  const { task, options: taskOptions } = model.parts.task;
  const how = { batchSize: options.batchSize, seed, stage: split, onProgress, signal };
  const { predictions, loss } = await predictAll(model, evaluator, collator, examples, how);
  if (split === 'test') writePredictions(folder.predictions, predictions);
  const report = task.evaluate(predictions, examples, taskOptions);
  return { ...report, ...(loss !== undefined && { loss }) };
}

async function evaluateSplits(parts: TrainerParts, prepared: Prepared, folder: RunFolder) {
  const { task, state, options } = prepared.task;
  const metrics: Partial<Record<Split, SplitMetrics>> = {};
  const baseline: Partial<Record<Split, SplitMetrics>> = {};
  for (const split of ['validation', 'test'] as const) {
    const examples = prepared.splits[split];
    if (!examples) continue;
    try {
      metrics[split] = await evaluateSplit(parts, split, examples, folder);
      const simple = task.baseline?.(prepared.splits.train, examples, state, options);
      if (simple) baseline[split] = simple;
    } catch (error) {
      if (split === 'validation' || !(error instanceof UsageError)) throw error;
      parts.onLog?.(`test has predictions but no metrics: ${error.message}`);
    }
  }
  return { metrics, baseline };
}

interface Figures {
  readonly settings: RunSettings;
  readonly parts: TrainerParts;
  readonly state: TrainState;
  readonly seconds: { readonly prepare: number; readonly evaluate: number };
  readonly evaluated: Awaited<ReturnType<typeof evaluateSplits>>;
}

function summarise({ settings, parts, state, seconds, evaluated }: Figures): RunSummary {
  const { trainable, frozen } = parts.model.counts;
  const evaluate = state.seconds.evaluate + seconds.evaluate;
  return {
    name: settings.name,
    folder: settings.output,
    task: settings.task.kind,
    metric: parts.model.parts.task.task.metric.name,
    steps: state.step,
    ...evaluated,
    parameters: { trainable, frozen, share: trainable / (trainable + frozen) },
    ...(state.best && { best: state.best }),
    stoppedEarly: state.stoppedEarly,
    seconds: {
      prepare: seconds.prepare,
      train: state.seconds.train,
      evaluate,
      total: seconds.prepare + state.seconds.train + evaluate,
    },
    stepsPerSecond: state.step === 0 ? 0 : state.step / state.seconds.train,
    peakMemoryBytes: peakMemoryBytes(),
  };
}

function announce({ splits, parts }: Prepared, model: TrainerParts['model'], { onLog }: RunOptions): void {
  const { trainable, frozen } = model.counts;
  const share = ((100 * trainable) / (trainable + frozen)).toFixed(2);
  const sizes = Object.entries(splits).map(([name, examples]) => `${examples.length} ${name}`);
  onLog?.(`examples: ${sizes.join(', ')}`);
  onLog?.(
    `${parts.backbone.shape.family} backbone, ${trainable} of ${trainable + frozen} parameters train (${share} %)`,
  );
}

/**
 * Carries a run out: data, model, training, evaluation of the best weights, and the run folder. Throws UsageError for
 * wrong data and for a folder that holds another run, InterruptedError after a checkpoint when `signal` stops it, and
 * Error when training diverges.
 */
export async function runRecipe(
  settings: RunSettings,
  options: RunOptions = {},
  modules: RunModules = shippedModules,
): Promise<RunSummary> {
  const clock = createClock();
  await startEngine();
  const { folder, checkpoint } = openRunFolder(settings.output, settings, options);
  writeJson(folder.environment, describeEnvironment());
  const prepared = await prepare(settings, modules, folder.backbone);
  const model = createModel(prepared.parts);
  const step = createStep(model, settings.training);
  const evaluator = createEvaluator(model);
  try {
    announce(prepared, model, options);
    if (options.signal?.aborted) throw new InterruptedError('interrupted before the first step');
    const parts: TrainerParts = {
      ...options,
      model,
      step,
      evaluator,
      collator: createCollator(prepared.task, prepared.processor),
      training: prepared.splits.train,
      validation: prepared.splits.validation,
      options: settings.training,
      seed: settings.seed,
      checkpoints: folder.checkpoints,
      metrics: openMetricsLog(folder.metrics, checkpoint?.state.metricsBytes ?? 0),
    };
    const prepareSeconds = clock();
    const state = await train(parts, checkpoint);
    restoreBest(model, folder.checkpoints, state);
    clock();
    const evaluated = await evaluateSplits(parts, prepared, folder);
    const seconds = { prepare: prepareSeconds, evaluate: clock() };
    const summary = summarise({ settings, parts, state, seconds, evaluated });
    await saveModel(folder, settings, prepared, model, summary);
    writeJson(folder.summary, summary);
    return summary;
  } finally {
    step.dispose();
    evaluator.dispose();
    model.dispose();
    await prepared.processor.close();
  }
}
