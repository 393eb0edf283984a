import type { Example } from '../../tasks/example.js';
import type { Prediction, RequestForm, SubmissionFile } from '../../tasks/task.js';
import { formatProblem, type Problem, UsageError } from '../base/errors.js';
import type { Json } from '../base/json.js';
import { addAll } from '../base/lists.js';
import type { OnProgress } from '../base/progress.js';
import type { Processor } from '../data/sequence.js';
import type { AttachedAdapter } from '../model/attach.js';
import { createEvaluator, type Evaluation, predictAll, reportOf } from '../model/evaluate.js';
import type { FittedTask } from '../model/model.js';
import { taskOptions } from '../prepare/prepare.js';
import { submissionOf } from '../run/submission.js';
import { endsAtOnce } from '../system/endsAtOnce.js';
import { stopIfAsked } from '../system/stopIfAsked.js';
import { longestOf, requireFittingBatch } from '../training/batchMemory.js';
import type { RunSettings } from '../training/settings.js';
import { type AdapterScales, completeScales } from './adapterScales.js';
import { type LoadOptions, type OpenedRun, type Opening, openRun } from './openRun.js';
import { type PredictionInput, requestFrom } from './predictionInput.js';

/** How a loaded run is followed and stopped. */
export interface FollowOptions {
  readonly onProgress?: OnProgress;
  /** What a person should know before the work begins, one line, without a line end. */
  readonly onLog?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** How predictions are followed and stopped. */
export interface PredictOptions extends FollowOptions {
  /** Inputs of a batch; default: that of the training. */
  readonly batchSize?: number;
  /** Where an input stands, for errors; default: its id, or its position. */
  readonly placeOf?: (index: number) => Pick<Problem, 'file' | 'line' | 'where'>;
}

/** What evaluating a split gave; without labels `report` has no values, and notes that say so. */
export interface SplitEvaluation extends Evaluation {
  /** The predictions in the formats of the official evaluations. */
  readonly submission: readonly SubmissionFile[];
}

/** An adapter of a loaded run. */
export interface LoadedAdapter {
  readonly name: string;
  readonly kind: string;
  /** 1: as it was trained; 0: off. */
  readonly scale: number;
}

/** What an input must have. */
export interface InputForm extends Required<Pick<RequestForm, 'pictures' | 'boxes' | 'together'>> {
  /** Named in `task`, where the model has several. */
  readonly task?: string;
  /** How many answers to choose from it must name; absent: none. */
  readonly choices?: number;
  /** Whether pictures are files; else they are ids of stored features. */
  readonly files: boolean;
}

/** A fine-tuned model, ready to be asked. */
export interface LoadedRun {
  /** The recipe of the run, complete. */
  readonly recipe: RunSettings;
  /** Its adapters in the order of the recipe, and the factor of each one's change. */
  readonly adapters: readonly LoadedAdapter[];
  /** What inputs must have, one for each task of the model. */
  readonly forms: readonly InputForm[];
  /**
   * Gives each adapter's change a factor, for what is asked from now on; those left out are off. Throws UsageError for
   * unknown names and for factors that an adapter can't take.
   */
  useAdapters(scales: AdapterScales): void;
  /**
   * Loads another run that stands on the same backbone, whose frozen weights both then share on the device. UsageError
   * where its backbone is another one.
   */
  beside(path: string, options?: Omit<LoadOptions, 'modules'>): Promise<LoadedRun>;
  /** One prediction an input, in their order; UsageError with everything that is wrong with all of them. */
  predict(inputs: readonly PredictionInput[], options?: PredictOptions): Promise<readonly Prediction[]>;
  /** Predictions and metrics of a split; default: the recipe's test set. */
  evaluate(split?: Readonly<Record<string, Json>>, options?: FollowOptions): Promise<SplitEvaluation>;
  /** Frees the device memory and closes what was opened. */
  dispose(): Promise<void>;
}

type Opened = Mutable<OpenedRun>;

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Inputs that are looked at together. */
const INPUTS_AT_ONCE = 32;

/** A problem whose file is the picture of an input, which has a place of its own; `where` names the input too. */
const withoutPlace = ({ file, where, message, expected }: Problem): Problem => {
  const inside = where === undefined || where.startsWith('input ') ? undefined : where;
  const told = [file && JSON.stringify(file), inside].filter(Boolean).join(' ');
  return { message: told === '' ? message : `${told}: ${message}`, ...(expected && { expected }) };
};

const isProblems = (result: Example | readonly Problem[]): result is readonly Problem[] =>
  Array.isArray(result);

/** The inputs as examples of the task; throws UsageError with the problems of all of them. */
async function examplesFrom(
  { task, options }: FittedTask,
  inputs: readonly PredictionInput[],
  { stored }: Processor,
  { placeOf, signal, onProgress }: PredictOptions,
): Promise<Example[]> {
  const { exampleFrom } = task;
  if (!exampleFrom) throw new UsageError(`the task '${task.kind}' does not predict from texts and pictures`);
  const one = async (input: PredictionInput, index: number): Promise<Example | readonly Problem[]> => {
    try {
      return exampleFrom(await requestFrom(input, { index, stored }), options);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      const place = placeOf?.(index) ?? { where: `input ${input.id ?? index}` };
      return error.problems.map((problem) => ({ ...place, ...withoutPlace(problem) }));
    }
  };
  const made: (Example | readonly Problem[])[] = [];
  for (let start = 0; start < inputs.length; start += INPUTS_AT_ONCE) {
    await stopIfAsked(signal, 'before the first prediction');
    const some = inputs.slice(start, start + INPUTS_AT_ONCE);
    addAll(made, await Promise.all(some.map((input, at) => one(input, start + at))));
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

/** Throws UsageError where a batch of these examples can't fit into memory; tells where it may not. */
async function requireFittingInputs(
  { evaluator, collator, model, recipe }: Opened,
  examples: readonly Example[],
  { batchSize, where, onLog }: { batchSize: number; where: string } & Pick<FollowOptions, 'onLog'>,
): Promise<void> {
  const example = longestOf(examples, model.parts.task.task);
  if (!example || model.parts.task.task.infer) return;
  const count = Math.min(batchSize, examples.length);
  const how = { training: false, seed: [recipe.seed, 'evaluation', 0] };
  const backbone = model.parts.backbone.shape;
  const tight = await requireFittingBatch({
    backbone,
    work: evaluator,
    collator,
    example,
    count,
    how,
    where,
  });
  if (tight) onLog?.(formatProblem(tight));
}

async function predictInputs(opened: Opened, inputs: readonly PredictionInput[], options: PredictOptions) {
  const { recipe, model, evaluator, collator } = opened;
  const examples = await examplesFrom(model.parts.task, inputs, collator.processor, options);
  const { batchSize = recipe.training.batchSize } = options;
  const where = options.batchSize ? '--batch-size' : 'training.batchSize';
  await requireFittingInputs(opened, examples, { ...options, batchSize, where });
  const how = { ...howTo(opened, 'predict', options), batchSize };
  return (await predictAll(model, evaluator, collator, examples, how)).predictions;
}

/** The metrics; without labels none, and notes that say so. */
function reportOrNotes(
  fitted: FittedTask,
  predicted: Pick<Evaluation, 'predictions' | 'notes'>,
  examples: readonly Example[],
) {
  try {
    return reportOf(fitted, predicted, examples);
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
  const examples = await endsAtOnce(() => fitted.task.read(taskOptions(recipe), files));
  const { batchSize } = recipe.training;
  await requireFittingInputs(opened, examples, { ...options, batchSize, where: 'training.batchSize' });
  const made = await predictAll(model, evaluator, collator, examples, howTo(opened, 'evaluate', options));
  const report = reportOrNotes(fitted, made, examples);
  return { ...made, report, submission: submissionOf(fitted, made.predictions, examples) };
}

const formOf = (
  { pictures = 1, boxes = false, together = false, choices }: RequestForm,
  files: boolean,
  task?: string,
): InputForm => ({
  ...(task !== undefined && { task }),
  pictures,
  // Stored features bring their boxes.
  boxes: boxes && files,
  together,
  files,
  ...(choices !== undefined && { choices }),
});

function formsOf({ model, collator }: Opened): InputForm[] {
  const { task, options } = model.parts.task;
  const files = !collator.processor.stored;
  const { grouping, requestForm = {} } = task;
  if (!grouping) return [formOf(requestForm, files)];
  return grouping
    .names(options)
    .map((name) => formOf(grouping.requestForm?.(options, name) ?? {}, files, name));
}

const howeverTrained = (attached: readonly AttachedAdapter[]): AdapterScales =>
  Object.fromEntries(attached.map(({ name }) => [name, 1]));

async function load(path: string, given: Opening): Promise<LoadedRun> {
  const opened: Opened = await openRun(path, given);
  const { attached } = opened.model.parts;
  const scaleAll = (scales: ReadonlyMap<string, number>): void => {
    opened.assign(scales);
    opened.evaluator.dispose();
    opened.evaluator = createEvaluator(opened.model, scales);
    opened.scales = scales;
  };
  const dispose = async (): Promise<void> => {
    opened.evaluator.dispose();
    opened.model.dispose();
    await opened.collator.processor.close();
  };
  try {
    scaleAll(completeScales(attached, given.adapters ?? howeverTrained(attached)));
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    recipe: opened.recipe,
    get adapters() {
      return attached.map(({ name, adapter: { kind } }) => ({
        name,
        kind,
        scale: opened.scales.get(name) as number,
      }));
    },
    forms: formsOf(opened),
    useAdapters: (scales) => scaleAll(completeScales(attached, scales)),
    beside: (other, options = {}) =>
      load(other, { modules: given.modules, ...options, shared: opened.shared }),
    predict: (inputs, options = {}) => predictInputs(opened, inputs, options),
    evaluate: (split, options = {}) => evaluateSplit(opened, split, options),
    dispose,
  };
}

/**
 * Loads the fine-tuned model of a run folder. Throws UsageError when the folder holds no finished run, or when the
 * backbone is not the one that it was trained on.
 */
export const loadRun = (path: string, options: LoadOptions): Promise<LoadedRun> => load(path, options);
