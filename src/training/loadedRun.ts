import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { planAdapters } from '../../adapters/attach.js';
import type { Example, Prediction, SubmissionFile } from '../../tasks/task.js';
import { backboneFolder, loadBackbone } from '../backbones/load.js';
import { type AdapterConfig, readAdapterConfig, readAdapterFolder } from '../checkpoints/adapterFolder.js';
import { readJsonObject } from '../checkpoints/jsonFile.js';
import { startEngine } from '../engine/index.js';
import { InterruptedError, type Problem, UsageError } from '../errors.js';
import type { Json } from '../json.js';
import type { OnProgress } from '../progress.js';
import { type Collator, createCollator } from './batch.js';
import { createEvaluator, type Evaluation, type Evaluator, predictAll } from './evaluate.js';
import { createModel, type FittedTask, type Model } from './model.js';
import { type PredictionInput, requestFrom } from './predictionInput.js';
import { type RunModules, shippedModules, taskOf, taskOptions } from './prepare.js';
import { runFolder } from './runFolder.js';
import type { RunSettings } from './settings.js';
import { submissionOf } from './submission.js';

/** How a loaded run is followed and stopped. */
export interface FollowOptions {
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** How predictions are followed and stopped. */
export interface PredictOptions extends FollowOptions {
  /** Where an input stands, for errors; default: its id, or its position. */
  readonly placeOf?: (index: number) => Pick<Problem, 'file' | 'line' | 'where'>;
}

/** What evaluating a split gave; without labels `report` has no values, and notes that say so. */
export interface SplitEvaluation extends Evaluation {
  /** The predictions in the formats of the official evaluations. */
  readonly submission: readonly SubmissionFile[];
}

/** A fine-tuned model, ready to be asked. */
export interface LoadedRun {
  /** The recipe of the run, complete. */
  readonly recipe: RunSettings;
  /** One prediction an input, in their order; UsageError with everything that is wrong with all of them. */
  predict(inputs: readonly PredictionInput[], options?: PredictOptions): Promise<readonly Prediction[]>;
  /** Predictions and metrics of a split; default: the recipe's test set. */
  evaluate(split?: Readonly<Record<string, Json>>, options?: FollowOptions): Promise<SplitEvaluation>;
  /** Frees the device memory and closes what was opened. */
  dispose(): Promise<void>;
}

interface Opened {
  readonly recipe: RunSettings;
  readonly model: Model;
  readonly evaluator: Evaluator;
  readonly collator: Collator;
}

/** Inputs that are looked at together. */
const INPUTS_AT_ONCE = 32;

const withoutPlace = ({ file, message, expected }: Problem): Problem => ({
  message: file === undefined ? message : `${JSON.stringify(file)}: ${message}`,
  ...(expected && { expected }),
});

const isProblems = (result: Example | readonly Problem[]): result is readonly Problem[] =>
  Array.isArray(result);

/** The inputs as examples of the task; throws UsageError with the problems of all of them. */
async function examplesFrom(
  { task, options }: FittedTask,
  inputs: readonly PredictionInput[],
  files: boolean,
  { placeOf, signal, onProgress }: PredictOptions,
): Promise<Example[]> {
  const { exampleFrom } = task;
  if (!exampleFrom) throw new UsageError(`the task '${task.kind}' does not predict from texts and pictures`);
  const one = async (input: PredictionInput, index: number): Promise<Example | readonly Problem[]> => {
    try {
      return exampleFrom(await requestFrom(input, { index, files }), options);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const place = placeOf?.(index) ?? { where: `input ${input.id ?? index}` };
      return error.problems.map((problem) => ({ ...place, ...withoutPlace(problem) }));
    }
  };
  const made: (Example | readonly Problem[])[] = [];
  for (let start = 0; start < inputs.length; start += INPUTS_AT_ONCE) {
    if (signal?.aborted) throw new InterruptedError('interrupted before the first prediction');
    const some = inputs.slice(start, start + INPUTS_AT_ONCE);
    made.push(...(await Promise.all(some.map((input, at) => one(input, start + at)))));
    onProgress?.({ stage: 'inputs', done: made.length, total: inputs.length, unit: 'input' });
  }
  const problems = made.flatMap((result) => (isProblems(result) ? result : []));
  if (problems.length > 0) throw new UsageError(problems);
  return made.flatMap((result) => (isProblems(result) ? [] : [result]));
}

const howTo = ({ recipe }: Opened, stage: string, { onProgress, signal }: FollowOptions) => ({
  batchSize: recipe.training.batchSize,
  seed: recipe.seed,
  stage,
  onProgress,
  signal,
});

async function predictInputs(opened: Opened, inputs: readonly PredictionInput[], options: PredictOptions) {
  const { recipe, model, evaluator, collator } = opened;
  const files = recipe.data.regions?.kind !== 'precomputed';
  const examples = await examplesFrom(model.parts.task, inputs, files, options);
  const how = howTo(opened, 'predict', options);
  return (await predictAll(model, evaluator, collator, examples, how)).predictions;
}

/** The metrics; without labels none, and notes that say so. */
function reportOf(
  { task, options }: FittedTask,
  predictions: readonly Prediction[],
  examples: readonly Example[],
) {
  try {
    return task.evaluate(predictions, examples, options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { values: {}, notes: error.message.split('\n') };
  }
}

async function evaluateSplit(
  opened: Opened,
  split: Readonly<Record<string, Json>> | undefined,
  options: FollowOptions,
): Promise<SplitEvaluation> {
  const { recipe, model, evaluator, collator } = opened;
  const files = split ?? recipe.data.test;
  if (!files)
    throw new UsageError({ where: 'data.test', message: 'the recipe has no test set', expected: 'name one' });
  const { task: fitted } = model.parts;
  const examples = await fitted.task.read(taskOptions(recipe), files);
  const made = await predictAll(model, evaluator, collator, examples, howTo(opened, 'evaluate', options));
  const report = reportOf(fitted, made.predictions, examples);
  return { ...made, report, submission: submissionOf(fitted, made.predictions, examples) };
}

/** The backbone of an adapter folder: where its config says, else beside it where the run made one. */
function backboneOf(runPath: string, { backbone }: AdapterConfig): string {
  const made = runFolder(runPath).backbone;
  if (!existsSync(backbone.name) && existsSync(join(made, 'config.json'))) return made;
  try {
    return backboneFolder(backbone.name);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const message = `its backbone ${JSON.stringify(backbone.name)} is not there`;
    const expected = 'work in the folder that the run was made in: its paths are relative to that';
    throw new UsageError({ file: runPath, message, expected });
  }
}

function requireFinished(path: string): void {
  const folder = runFolder(path);
  if (existsSync(join(folder.adapter, 'adapter_config.json'))) return;
  if (!existsSync(folder.recipe))
    throw new UsageError({
      file: path,
      message: 'this is no run folder',
      expected: 'one that a run has written',
    });
  throw new UsageError({ file: path, message: 'this run did not finish', expected: 'resume it first' });
}

/**
 * Loads the fine-tuned model of a run folder. Throws UsageError when the folder holds no finished run, or when the
 * backbone is not the one that it was trained on.
 */
export async function loadRun(path: string, modules: RunModules = shippedModules): Promise<LoadedRun> {
  requireFinished(path);
  const folder = runFolder(path);
  const recipe = readJsonObject(folder.recipe) as unknown as RunSettings;
  const config = readAdapterConfig(folder.adapter);
  const source = backboneOf(path, config);
  const backbone = loadBackbone(source);
  const { tensors, headTensors } = readAdapterFolder(folder.adapter, backbone.hash);
  await startEngine();
  const task = taskOf(config.task.kind, modules);
  const model = createModel({
    backbone,
    attached: planAdapters(backbone.shape, config.adapters),
    task: { task, options: taskOptions({ task: config.task }), state: config.taskState },
    precision: recipe.backbone.precision,
    seed: recipe.seed,
  });
  const head = [...headTensors].map(([name, tensor]) => [`head.${name}`, tensor] as const);
  model.assign(new Map([...tensors, ...head]), folder.adapter);
  const processor = await modules.processorFrom(backbone, config.preprocessing, source);
  const evaluator = createEvaluator(model);
  const opened = { recipe, model, evaluator, collator: createCollator(model.parts.task, processor) };
  return {
    recipe,
    predict: (inputs, options = {}) => predictInputs(opened, inputs, options),
    evaluate: (split, options = {}) => evaluateSplit(opened, split, options),
    dispose: async () => {
      evaluator.dispose();
      model.dispose();
      await processor.close();
    },
  };
}
