import { type LoadedBackbone, loadBackbone as readBackbone } from './backbones/load.js';
import type { AdapterChoice } from './comparison/adapterVariants.js';
import {
  type ComparisonOptions,
  compareAdapters as compare,
  sweep as sweepOver,
} from './comparison/compare.js';
import type { Comparison } from './comparison/comparison.js';
import type { SweepKeys } from './comparison/sweepKeys.js';
import { type Additions, extendModules } from './modules/extend.js';
import { loadModules } from './modules/loadFiles.js';
import { shippedModules } from './modules/shippedModules.js';
import type { PlanOptions } from './plan/planOptions.js';
import { planRun } from './plan/planRun.js';
import type { RunPlan } from './plan/runPlan.js';
import type { Modules } from './prepare/modules.js';
import type { Recipe, WrittenRecipe } from './recipe/recipe.js';
import type { RecipeInput } from './recipe/recipeTypes.js';
import { resolveRecipe } from './recipe/validate.js';
import { reportedRun } from './report/reportedRun.js';
import {
  type WriteReportOptions,
  type WrittenReport,
  writeReport as writeOne,
  writeReportBeside as writeSeveral,
} from './report/writeReport.js';
import type { RunOptions } from './run/runRecipe.js';
import type { RunSummary } from './run/summary.js';
import { type LoadedRun, loadRun as openLoadedRun } from './trained/loadedRun.js';
import { type MergeOptions, type MergeReport, mergeRun as merge } from './trained/mergeRun.js';
import type { LoadOptions } from './trained/openRun.js';

export * from './authors.js';
export { type LoadedBackbone, shippedBackbone, shippedBackbones } from './backbones/load.js';
export type { OnProgress, Progress } from './base/progress.js';
export type { AdapterChoice } from './comparison/adapterVariants.js';
export type { ComparisonOptions } from './comparison/compare.js';
export type { Comparison, ComparisonRow } from './comparison/comparison.js';
export type { SweepKeys } from './comparison/sweepKeys.js';
export { type EngineInfo, type EngineOptions, startEngine } from './engine/index.js';
export type { Evaluation } from './model/evaluate.js';
export type { Additions } from './modules/extend.js';
export type { PlanOptions } from './plan/planOptions.js';
export type { RunPlan } from './plan/runPlan.js';
export type { Recipe, WrittenRecipe } from './recipe/recipe.js';
export type { RecipeInput } from './recipe/recipeTypes.js';
export type { WrittenReport } from './report/writeReport.js';
export type { RunOptions } from './run/runRecipe.js';
export type { RunSummary } from './run/summary.js';
export type { AdapterScales } from './trained/adapterScales.js';
export type {
  FollowOptions,
  InputForm,
  LoadedAdapter,
  LoadedRun,
  PredictOptions,
  SplitEvaluation,
} from './trained/loadedRun.js';
export type { MergeOptions, MergeReport } from './trained/mergeRun.js';
export type { LoadOptions } from './trained/openRun.js';
export type { PredictionInput } from './trained/predictionInput.js';

/** What can be named besides what this package has. */
export interface ModuleOptions {
  /** What the program adds: adapters, tasks, kinds of regions, backbones, optimizers. */
  readonly modules?: Additions;
  /** Files that add some, as on the command line with `--use`; they run. */
  readonly use?: readonly string[];
}

/** A recipe of what this package has, or, where something is added, of any kinds. */
type RecipeFor<Options> =
  | Recipe
  | RecipeInput
  | (Options extends { readonly modules: Additions } | { readonly use: readonly string[] }
      ? WrittenRecipe
      : never);

async function modulesOf({ modules, use = [] }: ModuleOptions = {}): Promise<Modules> {
  const loaded = await loadModules(use);
  return modules ? extendModules(loaded, modules) : loaded;
}

/** Options without what `modulesOf` reads. */
function own<Options extends ModuleOptions>(
  options: Options = {} as Options,
): Omit<Options, keyof ModuleOptions> {
  const { modules: _modules, use: _use, ...rest } = options;
  return rest;
}

/**
 * Checks a recipe, trains, evaluates and writes the run folder with its report. Throws UsageError with everything that is wrong with
 * recipe or data, InterruptedError after a checkpoint when `signal` stops it, Error when training diverges.
 */
export async function fineTune<Options extends RunOptions & ModuleOptions>(
  recipe: RecipeFor<Options>,
  options?: Options,
): Promise<RunSummary> {
  const modules = await modulesOf(options);
  return reportedRun(resolveRecipe(recipe, { modules }), own(options), modules);
}

/**
 * What a run by this recipe will cost: parameters, tokens, seconds, bytes, warnings, from a few measured steps. Nothing is
 * written. Throws UsageError with everything that is wrong with recipe or data, InterruptedError when `signal` stops it.
 */
export async function plan<Options extends PlanOptions & ModuleOptions>(
  recipe: RecipeFor<Options>,
  options?: Options,
): Promise<RunPlan> {
  const modules = await modulesOf(options);
  return planRun(resolveRecipe(recipe, { modules }), own(options), modules);
}

/** The recipe with every default filled in. Throws UsageError with everything that is wrong with it. */
export const validate = async <Options extends ModuleOptions>(
  recipe: RecipeFor<Options>,
  options?: Options,
): Promise<Recipe> => resolveRecipe(recipe, { modules: await modulesOf(options) });

/**
 * Loads the fine-tuned model of a run folder. Throws UsageError when the folder holds no finished run, or when the
 * backbone is not the one that it was trained on.
 */
export const loadRun = async (
  path: string,
  options: Omit<LoadOptions, 'modules'> & ModuleOptions = {},
): Promise<LoadedRun> => openLoadedRun(path, { ...own(options), modules: await modulesOf(options) });

/**
 * Folds the adapters of a finished run into its backbone and writes a run folder with the head alone, whose `backbone`
 * is a Hugging Face folder. Examples go through both models first. Throws UsageError for adapters that can't be folded and for
 * an output that is taken, Error when the models differ by more than the tolerance; then nothing is written.
 */
export const mergeRun = async (
  path: string,
  output: string,
  options: Omit<MergeOptions, 'modules'> & ModuleOptions = {},
): Promise<MergeReport> => merge(path, output, { ...own(options), modules: await modulesOf(options) });

/**
 * Trains a recipe once for each choice of adapters and each seed, each in a process of its own, and writes run folders,
 * comparison.json, comparison.md and plots. A text is what `vlgraft compare --adapters` reads: `lora:rank=8`,
 * `bottleneck+shortcut`, `none` for the head alone. What is finished in the output is not run again.
 * Throws UsageError with everything that is wrong before the first training, InterruptedError after a checkpoint when
 * `signal` stops it. A trial that fails has its `error` in the result.
 */
export const compareAdapters = async <Options extends ComparisonOptions & ModuleOptions>(
  recipe: RecipeFor<Options>,
  adapters: readonly AdapterChoice[],
  options?: Options,
): Promise<Comparison> => compare(recipe, adapters, own(options), await modulesOf(options));

/**
 * Trains a recipe once for each point of a grid, of random draws, or of both, and each seed; otherwise as
 * `compareAdapters`. Keys are written as in `--set`: `training.optimizer.learningRate`, `adapters[0].rank`.
 */
export const sweep = async <Options extends ComparisonOptions & ModuleOptions>(
  recipe: RecipeFor<Options>,
  keys: SweepKeys,
  options?: Options,
): Promise<Comparison> => sweepOver(recipe, keys, own(options), await modulesOf(options));

type ReportOptions = Omit<WriteReportOptions, 'modules'> & ModuleOptions;

/**
 * Writes the report of a finished run from its folder alone; the same folder gives the same bytes. Throws UsageError
 * where the folder holds no finished run, and where the file is something else than a report.
 */
export const writeReport = async (folder: string, options: ReportOptions = {}): Promise<WrittenReport> =>
  writeOne(folder, { ...own(options), modules: await modulesOf(options) });

/**
 * Writes one page about several finished runs; the first one is what the others are held against. Throws UsageError as
 * `writeReport`, with what is wrong with all folders.
 */
export const writeReportBeside = async (
  folders: readonly string[],
  options: ReportOptions & { readonly file: string },
): Promise<WrittenReport> => writeSeveral(folders, { ...own(options), modules: await modulesOf(options) });

/** Reads a backbone as Hugging Face libraries save it. Throws UsageError with everything that is wrong with it. */
export const loadBackbone = (
  folder: string,
  { modules = {} }: Pick<ModuleOptions, 'modules'> = {},
): LoadedBackbone => readBackbone(folder, extendModules(shippedModules, modules).backbones);
