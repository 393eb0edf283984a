import type { Example } from '../../tasks/example.js';
import type { Prediction } from '../../tasks/task.js';
import { formatProblem } from '../base/errors.js';
import type { OnProgress } from '../base/progress.js';
import { withFolderLocked } from '../checkpoints/folderLock.js';
import { writeJson } from '../checkpoints/jsonFile.js';
import { claimMore, finishFolder } from '../checkpoints/ownedFolder.js';
import { type RunFolder, runFolder } from '../checkpoints/runFiles.js';
import { type EngineInfo, startEngine } from '../engine/index.js';
import type { CutDescription } from '../frozen/decide.js';
import { openStoredBackbone } from '../frozen/storedBackbone.js';
import { createCollator } from '../model/batch.js';
import { createEvaluator, predictAll, reportOf } from '../model/evaluate.js';
import { describeHeadStart } from '../model/headStart.js';
import { createModel } from '../model/model.js';
import type { SplitMetrics } from '../model/splitMetrics.js';
import { unlessUnlabelled } from '../model/unlabelled.js';
import { describeEnvironment, peakMemoryBytes } from '../prepare/environment.js';
import { recordInputs } from '../prepare/inputs/recordInputs.js';
import { requireSameInputs } from '../prepare/inputs/requireSameInputs.js';
import type { Modules } from '../prepare/modules.js';
import { type Prepared, prepare } from '../prepare/prepare.js';
import { textNotes } from '../prepare/textNotes.js';
import { writePredictions } from '../recording/writePredictions.js';
import { stopIfAsked } from '../system/stopIfAsked.js';
import { batchRemark } from '../training/batchRemark.js';
import { damagedBestFiles } from '../training/bestFiles.js';
import { requireFittingTraining } from '../training/fittingTraining.js';
import { openMetricsLog } from '../training/metricsLog.js';
import { openRecorder } from '../training/recorder.js';
import type { RunSettings } from '../training/settings.js';
import { createStep } from '../training/step.js';
import { restoreBest, type TrainerParts, train } from '../training/trainer.js';
import type { TrainState } from '../training/trainState.js';
import { runClaim } from './claims.js';
import { requireFittingUnstored } from './fittingUnstored.js';
import { requireNoConflict } from './outputConflicts.js';
import { describeProfile, startProfile } from './profile.js';
import { recordRun } from './recordRun.js';
import { checkRunFolder, claimResults, earlierRun, type OpenOptions, openRunFolder } from './runFolder.js';
import { saveModel } from './saveRun.js';
import { submissionOf, writeSubmission } from './submission.js';
import type { RunSummary } from './summary.js';

/** How a run is followed and steered. */
export interface RunOptions extends OpenOptions {
  readonly onProgress?: OnProgress;
  /** One line for a person, without a line end. */
  readonly onLog?: (line: string) => void;
  /** Stops the run after the step in progress; it can be resumed. */
  readonly signal?: AbortSignal;
  /** Writes a trace of where the time goes into the run folder, and logs a summary. */
  readonly profile?: boolean;
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

/** The same function, carried out at its first call only. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

type Split = 'validation' | 'test';

/** The best weights on one split; predictions and submissions of the test set are written. */
async function evaluateSplit(
  parts: TrainerParts,
  split: Split,
  examples: readonly Example[],
  folder: RunFolder,
): Promise<{ readonly metrics?: SplitMetrics; readonly predictions: readonly Prediction[] }> {
  const { model, evaluator, collator, options, seed, onProgress, onLog, signal } = parts;
  const how = { batchSize: options.batchSize, seed, stage: split, onProgress, signal };
  const predicted = await predictAll(model, evaluator, collator, examples, how);
  const { predictions, loss } = predicted;
  if (split === 'test') {
    writePredictions(folder.predictions, predictions);
    const files = submissionOf(model.parts.task, predictions, examples);
    claimMore(
      folder.path,
      files.map(({ name }) => `submission/${name}`),
    );
    writeSubmission(folder.submission, files);
  }
  const report = unlessUnlabelled(
    () => reportOf(model.parts.task, predicted, examples),
    (message) => onLog?.(`${split}: predictions, but no metrics: ${message}`),
  );
  for (const note of report?.notes ?? []) onLog?.(`${split}: ${note}`);
  return { predictions, ...(report && { metrics: { ...report, ...(loss !== undefined && { loss }) } }) };
}

/** The best evaluation of the training stands for the validation set. */
async function evaluateSplits(
  parts: TrainerParts,
  { splits }: Prepared,
  folder: RunFolder,
  { bestMetrics, bestFiles }: TrainState,
) {
  const { validation, test } = splits;
  const damaged = damagedBestFiles(folder, bestFiles);
  for (const file of damaged)
    parts.onLog?.(`${file} was missing or damaged: the best weights are evaluated again`);
  const onValidation =
    bestMetrics && damaged.length === 0
      ? { metrics: bestMetrics }
      : validation && (await evaluateSplit(parts, 'validation', validation, folder));
  if (damaged.includes(folder.validationPredictions) && onValidation && 'predictions' in onValidation)
    writePredictions(folder.validationPredictions, onValidation.predictions);
  const onTest = test && (await evaluateSplit(parts, 'test', test, folder));
  const metrics = {
    ...(onValidation?.metrics && { validation: onValidation.metrics }),
    ...(onTest?.metrics && { test: onTest.metrics }),
  };
  const predictions = {
    ...(onValidation && 'predictions' in onValidation && { validation: onValidation.predictions }),
    ...(onTest && { test: onTest.predictions }),
  };
  return { metrics, predictions };
}

interface Figures {
  readonly settings: RunSettings;
  readonly parts: TrainerParts;
  readonly state: TrainState;
  readonly seconds: { readonly prepare: number; readonly cache: number; readonly evaluate: number };
  readonly cache: CutDescription;
  readonly metrics: RunSummary['metrics'];
  readonly baseline: RunSummary['baseline'];
}

function summarise({ settings, parts, state, seconds, metrics, baseline, cache }: Figures): RunSummary {
  const { trainable, frozen } = parts.model.counts;
  const { used, what, reason } = cache;
  const evaluate = state.seconds.evaluate + seconds.evaluate;
  return {
    name: settings.name,
    folder: settings.output,
    task: settings.task.kind,
    metric: parts.model.parts.task.task.metric.name,
    steps: state.step,
    metrics,
    baseline,
    parameters: { trainable, frozen, share: trainable / (trainable + frozen) },
    ...(state.best && { best: state.best }),
    cache: { used, what, reason },
    stoppedEarly: state.stoppedEarly,
    seconds: {
      prepare: seconds.prepare,
      cache: seconds.cache,
      train: state.seconds.train,
      evaluate,
      total: seconds.prepare + seconds.cache + state.seconds.train + evaluate,
    },
    stepsPerSecond: state.step === 0 ? 0 : state.step / state.seconds.train,
    peakMemoryBytes: peakMemoryBytes(),
  };
}

function announceEngine(
  { backend, version, device, threads, reason }: EngineInfo,
  { onLog }: RunOptions,
): void {
  onLog?.(
    `engine: ${backend} ${version} on ${device}, ${threads} thread${threads === 1 ? '' : 's'}${reason ? ` (${reason})` : ''}`,
  );
}

/** What may not be meant about the texts, before they are trained on. */
function announceTexts({ splits, task, processor }: Prepared, limit: number, { onLog }: RunOptions): void {
  if (!onLog) return;
  for (const note of textNotes(processor.tokenizer, task.task, splits.train, limit)) onLog(note);
}

function announce(
  { splits, parts, processor }: Prepared,
  model: TrainerParts['model'],
  { onLog }: RunOptions,
): void {
  const { trainable, frozen } = model.counts;
  const share = ((100 * trainable) / (trainable + frozen)).toFixed(2);
  const sizes = Object.entries(splits).map(([name, examples]) => `${examples.length} ${name}`);
  onLog?.(`examples: ${sizes.join(', ')}`);
  onLog?.(
    `${parts.backbone.shape.family} backbone, ${trainable} of ${trainable + frozen} parameters train (${share} %)`,
  );
  for (const line of describeHeadStart(parts)) onLog?.(`backbone: ${line}`);
  for (const note of processor.notes ?? []) onLog?.(note);
}

/**
 * Carries a run out: data, model, training, evaluation of the best weights, and the run folder. Throws UsageError for
 * wrong data and for a folder that holds another run, InterruptedError after a checkpoint when `signal` stops it, and
 * Error when training diverges.
 */
export const runRecipe = (
  settings: RunSettings,
  options: RunOptions,
  modules: Modules,
): Promise<RunSummary> => {
  const check = () => {
    requireNoConflict(settings);
    checkRunFolder(settings.output, settings, options);
  };
  return withFolderLocked(settings.output, () => carryOut(settings, options, modules), check);
};

async function carryOut(settings: RunSettings, options: RunOptions, modules: Modules): Promise<RunSummary> {
  const clock = createClock();
  announceEngine(await startEngine(), options);
  const profile = options.profile ? startProfile() : undefined;
  // What an earlier run left is removed as late as can be: a slip in a data file costs no results.
  const open = once(() => openRunFolder(settings.output, settings, options));
  const isResumed = options.resume && earlierRun(settings.output) !== undefined;
  const known = isResumed
    ? await requireSameInputs(runFolder(settings.output).inputs, settings, options)
    : undefined;
  const prepared = await prepare(settings, modules, () => open().folder.backbone, options.signal);
  const model = createModel(prepared.parts);
  const step = createStep(model, settings.training, prepared.optimizer);
  const evaluator = createEvaluator(model);
  try {
    announce(prepared, model, options);
    const remark = batchRemark(settings.training, prepared.task.task, prepared.task.options);
    if (remark) options.onLog?.(formatProblem(remark));
    announceTexts(prepared, settings.data.maxTextLength, options);
    await stopIfAsked(options.signal, 'before the first step');
    const early = isResumed ? undefined : await requireFittingUnstored({ settings, prepared, model }, step);
    const { folder, checkpoint } = open();
    writeJson(folder.environment, describeEnvironment());
    const inputs = recordInputs(folder.inputs, settings, prepared, { ...options, ...(known && { known }) });
    inputs.catch(() => {}); // told where a checkpoint needs it
    const prepareSeconds = clock();
    const settled = checkpoint && (checkpoint.state.cached ?? false);
    const opened = await openStoredBackbone({ settings, prepared, model }, { ...options, settled });
    const { store, description: cache } = opened;
    if (!cache.used) options.onLog?.(`cache: off: ${cache.reason}`);
    const cacheSeconds = clock();
    try {
      const parts: TrainerParts = {
        ...options,
        model,
        step,
        evaluator,
        collator: createCollator(prepared.task, store?.processor ?? prepared.processor, store?.resolve),
        training: prepared.splits.train,
        validation: prepared.splits.validation,
        options: settings.training,
        seed: settings.seed,
        cached: cache.used,
        checkpoints: folder.checkpoints,
        metrics: openMetricsLog(folder.metrics, {
          bytes: checkpoint?.state.metricsBytes ?? 0,
          copy: checkpoint?.logs?.metrics,
          onLog: options.onLog,
        }),
        recorder: openRecorder(folder, prepared.task, {
          keepPredictions: !prepared.splits.test,
          state: checkpoint?.state,
          timings: checkpoint?.logs?.timings,
          onLog: options.onLog,
        }),
        beforeCheckpoint: () => inputs,
      };
      const tight = cache.used || isResumed ? await requireFittingTraining(parts) : early;
      if (tight) options.onLog?.(formatProblem(tight));
      const state = await train(parts, checkpoint);
      claimResults(folder.path, options);
      restoreBest(model, folder.checkpoints, state);
      clock();
      const { metrics, predictions } = await evaluateSplits(parts, prepared, folder, state);
      const seconds = { prepare: prepareSeconds, cache: cacheSeconds, evaluate: clock() };
      await stopIfAsked(options.signal, 'after the training, before its results were saved');
      const summary = summarise({
        settings,
        parts,
        state,
        seconds,
        metrics,
        baseline: prepared.baseline,
        cache,
      });
      await saveModel(folder, settings, prepared, model, summary);
      const { signal } = options;
      await recordRun({ model, prepared, folder, predictions, step: state.best?.step ?? state.step, signal });
      writeJson(folder.summary, summary);
      for (const line of profile ? describeProfile(profile.finish(folder.profile)) : [])
        options.onLog?.(line);
      finishFolder(folder.path, runClaim(options));
      if (profile) options.onLog?.(`profile: ${folder.profile}, to be opened in Perfetto (ui.perfetto.dev)`);
      return summary;
    } finally {
      await store?.close();
    }
  } finally {
    step.dispose();
    evaluator.dispose();
    model.dispose();
    await prepared.processor.close();
  }
}
