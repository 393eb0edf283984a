import type { Modules } from '../prepare/modules.js';
import type { Recipe } from '../recipe/recipe.js';
import { type RunOptions, runRecipe } from '../run/runRecipe.js';
import type { RunSummary } from '../run/summary.js';
import { errorWords } from '../system/systemErrors.js';
import { writeReport } from './writeReport.js';

/**
 * Carries a recipe out and writes the report of the run. What goes wrong with the report is logged: the run itself is
 * finished and saved by then. Otherwise as `runRecipe`.
 */
export async function reportedRun(
  recipe: Recipe,
  options: RunOptions,
  modules: Modules,
): Promise<RunSummary> {
  const summary = await runRecipe(recipe, options, modules);
  try {
    await writeReport(recipe.output, { modules });
  } catch (error) {
    options.onLog?.(
      `the report is missing, the run is finished (vlgraft report ${recipe.output}): ${errorWords(error)}`,
    );
  }
  return summary;
}
