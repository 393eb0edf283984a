import { InterruptedError } from '../base/errors.js';
import type { Recipe } from '../recipe/recipe.js';
import type { RunSummary } from '../run/summary.js';
import { isDiskFull } from '../system/systemErrors.js';
import { longWork } from './longWork.js';
import type { Shell } from './shell.js';

/** What to do with an earlier run's folder. */
export interface RunFlags {
  readonly resume?: boolean;
  readonly overwrite?: boolean;
  readonly profile?: boolean;
}

/** Carries a recipe out with progress on stderr; `again` is the command that goes on after an interruption. */
export async function followedRun(
  shell: Shell,
  recipe: Recipe,
  flags: RunFlags,
  again: string,
): Promise<RunSummary> {
  const modules = await shell.modules();
  const { reportedRun } = await import('../report/reportedRun.js');
  try {
    return await longWork(shell, (follow) => reportedRun(recipe, { ...flags, ...follow }, modules));
  } catch (error) {
    if (error instanceof InterruptedError)
      throw new InterruptedError(`${error.message}; go on with: ${again}`);
    if (isDiskFull(error)) shell.notice(`when there is room again, go on with: ${again}`);
    throw error;
  }
}
