import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { planAdapters } from '../../adapters/attach.js';
import type { Example, Prediction } from '../../tasks/task.js';
import { loadBackbone } from '../backbones/load.js';
import { type AdapterConfig, readAdapterConfig, readAdapterFolder } from '../checkpoints/adapterFolder.js';
import { readJsonObject } from '../checkpoints/jsonFile.js';
import { startEngine } from '../engine/index.js';
import { type Problem, UsageError } from '../errors.js';
import type { Json } from '../json.js';
import type { OnProgress } from '../progress.js';
import { type Collator, createCollator } from './batch.js';
import { createEvaluator, type Evaluation, type Evaluator, evaluate, predictAll } from './evaluate.js';
import { createModel, type FittedTask, type Model } from './model.js';
import { backboneFolder, type RunModules, shippedModules, taskOf, taskOptions } from './prepare.js';
import { runFolder } from './runFolder.js';
import type { RunSettings } from './settings.js';

/** A text about a picture, as a user gives it. */
export interface PredictionInput {
  readonly text: string;
  /** Path of a picture file. */
  readonly picture: string;
  /** Named in the prediction; default: its position. */
  readonly id?: string;
}

/** How a loaded run is followed and stopped. */
export interface FollowOptions {
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

/** A fine-tuned model, ready to be asked. */
export interface LoadedRun {
  /** The recipe of the run, complete. */
  readonly recipe: RunSettings;
  /** One prediction an input, in their order; UsageError when the task takes no single inputs or pictures are missing. */
  predict(inputs: readonly PredictionInput[], options?: FollowOptions): Promise<readonly Prediction[]>;
  /** Predictions and metrics of a split; default: the recipe's test set. */
  evaluate(split?: Readonly<Record<string, Json>>, options?: FollowOptions): Promise<Evaluation>;
  /** Frees the device memory and closes what was opened. */
  dispose(): Promise<void>;
}

interface Opened {
  readonly recipe: RunSettings;
  readonly model: Model;
  readonly evaluator: Evaluator;
  readonly collator: Collator;
}

const examplesFrom = ({ task }: FittedTask, inputs: readonly PredictionInput[]): Example[] => {
  const { exampleFrom } = task;
  if (!exampleFrom)
    throw new UsageError(`the task '${task.kind}' does not predict from one text and one picture`);
  return inputs.map(({ id, text, picture }, index) =>
    exampleFrom({ id: id ?? String(index), text, pictures: [{ id: picture, path: picture }] }),
  );
};

const howTo = ({ recipe }: Opened, stage: string, { onProgress, signal }: FollowOptions) => ({
  batchSize: recipe.training.batchSize,
  seed: recipe.seed,
  stage,
  onProgress,
  signal,
});

async function predictInputs(opened: Opened, inputs: readonly PredictionInput[], options: FollowOptions) {
  const { model, evaluator, collator } = opened;
  const examples = examplesFrom(model.parts.task, inputs);
  requirePictures(inputs);
  const how = howTo(opened, 'predict', options);
  return (await predictAll(model, evaluator, collator, examples, how)).predictions;
}

async function evaluateSplit(
  opened: Opened,
  split: Readonly<Record<string, Json>> | undefined,
  options: FollowOptions,
) {
  const { recipe, model, evaluator, collator } = opened;
  const files = split ?? recipe.data.test;
  if (!files)
    throw new UsageError({ where: 'data.test', message: 'the recipe has no test set', expected: 'name one' });
  const { task } = model.parts.task;
  const examples = await task.read(taskOptions(recipe), files);
  return evaluate(model, evaluator, collator, examples, howTo(opened, 'evaluate', options));
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

function requirePictures(inputs: readonly PredictionInput[]): void {
  const problems = inputs.flatMap(({ id, picture }, index): Problem[] =>
    existsSync(picture)
      ? []
      : [{ where: `input ${id ?? index}`, message: `there is no picture ${JSON.stringify(picture)}` }],
  );
  if (problems.length > 0) throw new UsageError(problems);
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
