import type { PlanOptions } from './plan/planOptions.js';
import { planRun } from './plan/planRun.js';
import type { RunPlan } from './plan/runPlan.js';
import type { Recipe, RecipeInput } from './recipe/recipe.js';
import { resolveRecipe } from './recipe/validate.js';
import { reportedRun } from './report/reportedRun.js';
import type { RunOptions } from './run/runRecipe.js';
import type { RunSummary } from './run/summary.js';

export { type Adapter, defineAdapter } from '../adapters/adapter.js';
export {
  defineTask,
  type Example,
  type MetricReport,
  type Prediction,
  type Task,
} from '../tasks/task.js';
export type { BackboneOutput, BackboneShape } from './backbones/backbone.js';
export { type LoadedBackbone, loadBackbone, shippedBackbone, shippedBackbones } from './backbones/load.js';
export { InterruptedError, type Problem, UsageError } from './base/errors.js';
export type { OnProgress, Progress } from './base/progress.js';
export type { AdapterChoice } from './comparison/adapterVariants.js';
export { type ComparisonOptions, compareAdapters, sweep } from './comparison/compare.js';
export type { Comparison, ComparisonRow } from './comparison/comparison.js';
export type { SweepKeys } from './comparison/sweepKeys.js';
export type { Picture, Processor } from './data/sequence.js';
export { type EngineInfo, type EngineOptions, startEngine } from './engine/index.js';
export type { Evaluation } from './model/evaluate.js';
export type { PlanOptions } from './plan/planOptions.js';
export type { RunPlan } from './plan/runPlan.js';
export type { Recipe, RecipeInput } from './recipe/recipe.js';
export { type WrittenReport, writeReport, writeReportBeside } from './report/writeReport.js';
export type { RunOptions } from './run/runRecipe.js';
export type { RunSummary } from './run/summary.js';
export type { AdapterScales } from './trained/adapterScales.js';
export {
  type FollowOptions,
  type InputForm,
  type LoadedAdapter,
  type LoadedRun,
  loadRun,
  type PredictOptions,
  type SplitEvaluation,
} from './trained/loadedRun.js';
export { type MergeOptions, type MergeReport, mergeRun } from './trained/mergeRun.js';
export type { LoadOptions } from './trained/openRun.js';
export type { PredictionInput } from './trained/predictionInput.js';

/**
 * Checks a recipe, trains, evaluates and writes the run folder with its report. Throws UsageError with everything that is wrong with
 * recipe or data, InterruptedError after a checkpoint when `signal` stops it, Error when training diverges.
 */
export const fineTune = async (recipe: Recipe | RecipeInput, options: RunOptions = {}): Promise<RunSummary> =>
  reportedRun(resolveRecipe(recipe), options);

/**
 * What a run by this recipe will cost: parameters, tokens, seconds, bytes, warnings, from a few measured steps. Nothing is
 * written. Throws UsageError with everything that is wrong with recipe or data, InterruptedError when `signal` stops it.
 */
export const plan = async (recipe: Recipe | RecipeInput, options: PlanOptions = {}): Promise<RunPlan> =>
  planRun(resolveRecipe(recipe), options);
