import { join } from 'node:path';
import type { Example, SplitName } from '../../tasks/example.js';
import { requirePictures } from '../../tasks/picturesNeeded.js';
import type { AnyTask } from '../../tasks/task.js';
import type { Vocabulary } from '../backbones/backbone.js';
import { createProcessor } from '../backbones/createProcessor.js';
import { backboneFolder, createBackbone, type LoadedBackbone, loadBackbone } from '../backbones/load.js';
import { type Problem, UsageError } from '../base/errors.js';
import type { Json } from '../base/json.js';
import { addAll } from '../base/lists.js';
import { writeJson } from '../checkpoints/jsonFile.js';
import { filesReadBy } from '../data/filesRead.js';
import type { Processor } from '../data/sequence.js';
import { createTokenizer } from '../data/tokenizer.js';
import { createWordTokenizer, wordTokenizerConfig } from '../data/wordTokenizer.js';
import { planAdapters } from '../model/attach.js';
import type { FittedTask, ModelParts } from '../model/model.js';
import type { Baseline } from '../model/splitMetrics.js';
import { endsAtOnce } from '../system/endsAtOnce.js';
import { makeFolder } from '../system/makeFolder.js';
import { stopIfAsked } from '../system/stopIfAsked.js';
import { requireFittingWeights } from '../training/fittingTraining.js';
import type { Optimizer } from '../training/optimizers/optimizer.js';
import type { RunSettings } from '../training/settings.js';
import { sourceValues } from './adapterSource.js';
import { baselines, type Splits } from './baselines.js';
import { type Modules, optimizerOf, taskOf } from './modules.js';
import { teacherRun } from './teacherRun.js';

type FilesRead = { readonly [split in SplitName]?: ReadonlySet<string> };

/** A run before anything is on the device. */
export interface Prepared {
  readonly splits: Splits;
  /** Files that were read to know the examples of each split. */
  readonly filesRead: FilesRead;
  readonly task: FittedTask;
  readonly baseline: Baseline;
  readonly backbone: LoadedBackbone;
  /** Holds tokenizer.json. */
  readonly tokenizerFolder: string;
  readonly processor: Processor;
  readonly parts: ModelParts;
  readonly optimizer: Optimizer;
}

/** Options of the task besides its kind. */
export function taskOptions({ task }: Pick<RunSettings, 'task'>): Readonly<Record<string, Json>> {
  const { kind: _kind, ...options } = task;
  return options;
}

/** A problem of a split that names a place but no file: the place is in this split. */
const placed = (problem: Problem, split: SplitName): Problem =>
  problem.file !== undefined || problem.where === undefined
    ? problem
    : { ...problem, where: `data.${split} ${problem.where}` };

/** Reads every split that the recipe names; throws UsageError with the problems of all of them. */
async function readSplits(
  task: AnyTask,
  { data, ...settings }: RunSettings,
  signal: AbortSignal | undefined,
): Promise<{ readonly splits: Splits; readonly filesRead: FilesRead }> {
  const problems: Problem[] = [];
  const filesRead: { [split in SplitName]?: ReadonlySet<string> } = {};
  const read = async (split: keyof Splits) => {
    const files = data[split];
    if (!files) return undefined;
    await stopIfAsked(signal, 'while files were read; nothing was written');
    try {
      const read = await endsAtOnce(() => filesReadBy(() => task.read(taskOptions(settings), files)));
      filesRead[split] = read.files;
      const examples = read.result;
      if (examples.length > 0) return examples;
      problems.push({ where: `data.${split}`, message: 'there are no examples in its files' });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      addAll(
        problems,
        error.problems.map((problem) => placed(problem, split)),
      );
    }
    return undefined;
  };
  const [train = [], validation, test] = [await read('train'), await read('validation'), await read('test')];
  if (problems.length > 0) throw new UsageError(problems);
  return { splits: { train, ...(validation && { validation }), ...(test && { test }) }, filesRead };
}

/** Words that stand less often are spelled with their letters. */
const MINIMUM_COUNT = 2;

/** Makes the tokenizer of a backbone that is trained from nothing, from the texts that it will be trained on. */
function writeTokenizer(folder: string, task: AnyTask, training: readonly Example[]): Vocabulary {
  const { texts } = task;
  if (!texts) {
    const message = `the task '${task.kind}' does not say which texts to make a tokenizer from`;
    throw new UsageError({ where: 'backbone.create', message, expected: 'give backbone.from' });
  }
  const tokenizer = createWordTokenizer(
    training.flatMap((example) => texts(example)),
    { minimumCount: MINIMUM_COUNT, lowercase: true },
  );
  makeFolder(folder);
  writeJson(join(folder, 'tokenizer.json'), tokenizer);
  writeJson(join(folder, 'tokenizer_config.json'), wordTokenizerConfig);
  const { vocabularySize, specialId } = createTokenizer(tokenizer, wordTokenizerConfig);
  return { size: vocabularySize, endId: specialId('sep'), padId: specialId('pad') };
}

/** Reads the backbone that a run names, or makes one, whose tokenizer goes to `target`. */
export function openBackbone(
  { backbone, seed }: RunSettings,
  task: AnyTask,
  training: readonly Example[],
  { backbones }: Modules,
  target: () => string,
): { readonly backbone: LoadedBackbone; readonly tokenizerFolder: string } {
  if (!backbone.create) {
    const folder = backboneFolder(backbone.from as string);
    return { backbone: loadBackbone(folder, backbones), tokenizerFolder: folder };
  }
  const tokenizerFolder = target();
  const vocabulary = writeTokenizer(tokenizerFolder, task, training);
  return { backbone: createBackbone(backbone.create, seed, backbones, vocabulary), tokenizerFolder };
}

/** Fits the task and measures its baselines: both go through all examples without a pause. */
function fitTask(task: AnyTask, options: FittedTask['options'], splits: Splits) {
  return endsAtOnce(() => {
    const fitted: FittedTask = { task, options, state: task.fit(options, splits.train) };
    return { fitted, baseline: baselines(fitted, splits) };
  });
}

/** The run that teaches; undefined where none does. */
function openTeacher(pupil: Parameters<typeof teacherRun>[1], modules: Modules): ModelParts | undefined {
  const { task, backbone } = pupil.parts;
  const choice = task.task.teacher?.(task.options);
  if (choice?.kind !== 'run') return undefined;
  return teacherRun(choice.from, pupil, task.task.teacherHead?.(task.options, backbone.shape) ?? [], modules);
}

/**
 * Reads the data, fits the task, opens the backbone and makes the processor. Throws UsageError for wrong data.
 * @param backboneTarget where a backbone made by this run will be written; only asked for when there is one to write
 */
export async function prepare(
  settings: RunSettings,
  modules: Modules,
  backboneTarget: () => string,
  signal?: AbortSignal,
): Promise<Prepared> {
  const task = taskOf(settings.task.kind, modules);
  const options = taskOptions(settings);
  const { splits, filesRead } = await readSplits(task, settings, signal);
  // Before a folder is made: this ends at once, and leaves it.
  const { fitted, baseline } = await fitTask(task, options, splits);
  await stopIfAsked(signal, 'before the backbone was read; nothing was written');
  const { backbone, tokenizerFolder } = openBackbone(settings, task, splits.train, modules, backboneTarget);
  const { regions, maxTextLength } = settings.data;
  const attached = planAdapters(backbone.shape, settings.adapters, modules.adapters);
  requireFittingWeights({ backbone, attached, precision: settings.backbone.precision, task: fitted });
  requirePictures(task, options, backbone.shape);
  task.check?.(options, backbone.shape);
  const processor = await createProcessor(
    backbone,
    {
      regionKinds: modules.regions,
      folder: tokenizerFolder,
      maxTextLength,
      ...(regions && { regions }),
    },
    modules.processors,
  );
  const { precision } = settings.backbone;
  const own: ModelParts = {
    backbone,
    attached,
    ...(settings.composition && { composition: settings.composition }),
    task: fitted,
    precision,
    seed: settings.seed,
    gradientCheckpointing: settings.training.gradientCheckpointing,
    backboneDropout: settings.training.backboneDropout,
    start: sourceValues(settings.adapters, backbone, modules.adapters),
  };
  const teacher = openTeacher({ parts: own, processor, tokenizerFolder }, modules);
  const parts: ModelParts = { ...own, ...(teacher && { teacher }) };
  const optimizer = optimizerOf(settings.training.optimizer, modules);
  return {
    splits,
    filesRead,
    task: fitted,
    baseline,
    backbone,
    tokenizerFolder,
    processor,
    parts,
    optimizer,
  };
}
