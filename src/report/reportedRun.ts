import type { Recipe } from '../recipe/recipe.js';
import { runFolder } from '../training/runFolder.js';
import { type RunOptions, runRecipe } from '../training/runRecipe.js';
import type { RunSummary } from '../training/summary.js';
import { writeReport } from './writeReport.js';

/**
 * Carries a recipe out and writes the report of the run. What goes wrong with the report is logged: the run itself is
 * finished and saved by then. Otherwise as `runRecipe`.
 */
export async function reportedRun(recipe: Recipe, options: RunOptions = {}): Promise<RunSummary> {
  const summary = await runRecipe(recipe, options);
  try {
    await writeReport(recipe.output);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    options.onLog?.(`${runFolder(recipe.output).report} could not be written: ${why}`);
  }
  return summary;
}
