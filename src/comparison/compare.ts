import { type Problem, UsageError } from '../base/errors.js';
import { withFolderLocked } from '../checkpoints/folderLock.js';
import { claimFiles, removeTemporary, requireFree, requireOwned } from '../checkpoints/ownedFolder.js';
import { filesOfModules, type Modules } from '../prepare/modules.js';
import type { WrittenRecipe } from '../recipe/recipe.js';
import { type ParsedRecipe, parseRecipe } from '../recipe/source.js';
import { type AdapterChoice, adapterVariants } from './adapterVariants.js';
import { type Comparison, summariseComparison } from './comparison.js';
import { type FollowTrials, runTrials } from './runTrials.js';
import type { SweepKeys } from './sweepKeys.js';
import { sweepVariants } from './sweepVariants.js';
import { planTrials, type TrialOptions } from './trials.js';
import type { Variants } from './variant.js';
import { comparisonClaim, writeComparison } from './writeComparison.js';

/** How a comparison or a sweep is carried out and followed. */
export interface ComparisonOptions extends Partial<TrialOptions>, Omit<FollowTrials, 'use'> {}

/** Trains every variant with every seed and writes what came of it into the folder of the output. */
export async function carryOut(
  kind: Comparison['kind'],
  parsed: ParsedRecipe,
  variants: Variants,
  options: ComparisonOptions,
  modules: Modules,
): Promise<Comparison> {
  const name = String((parsed.input as { readonly name?: unknown } | null)?.name);
  const output = options.output ?? `runs/${name}-${kind}`;
  requireOwned(output, comparisonClaim.kind);
  const trials = planTrials(parsed, variants, { ...options, output }, modules);
  const check = () => requireFree(output, comparisonClaim);
  const work = async () => {
    removeTemporary(output, comparisonClaim);
    claimFiles(output, { ...comparisonClaim, files: [] }); // its files are listed when the trials are done
    const outcomes = await runTrials(trials, { ...options, use: filesOfModules(modules) });
    const comparison = summariseComparison(outcomes, { kind, name, folder: output }, modules);
    await writeComparison(comparison);
    return comparison;
  };
  return withFolderLocked(output, work, check);
}

const PROGRAM = 'recipe';

/** A program's recipe has no lines: its problems name their place alone. */
function withoutLines(problem: Problem): Problem {
  if (problem.file !== PROGRAM) return problem;
  const { file: _file, line: _line, column: _column, ...told } = problem;
  return told;
}

async function fromProgram<T>(recipe: WrittenRecipe, work: (parsed: ParsedRecipe) => Promise<T>): Promise<T> {
  try {
    return await work(parseRecipe(JSON.stringify(recipe), PROGRAM));
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(error.problems.map(withoutLines)) : error;
  }
}

/**
 * Trains a recipe once for each choice of adapters and each seed, each in a process of its own, and writes run folders,
 * comparison.json, comparison.md and plots. A text is what `vlgraft compare --adapters` reads: `lora:rank=8`,
 * `bottleneck+shortcut`, `none` for the head alone. What is finished in the output is not run again.
 * Throws UsageError with everything that is wrong before the first training, InterruptedError after a checkpoint when
 * `signal` stops it. A trial that fails has its `error` in the result.
 */
export const compareAdapters = (
  recipe: WrittenRecipe,
  adapters: readonly AdapterChoice[],
  options: ComparisonOptions,
  modules: Modules,
): Promise<Comparison> =>
  fromProgram(recipe, (parsed) =>
    carryOut('compare', parsed, adapterVariants(adapters, modules.adapters), options, modules),
  );

/**
 * Trains a recipe once for each point of a grid, of random draws, or of both, and each seed; otherwise as
 * `compareAdapters`. Keys are written as in `--set`: `training.optimizer.learningRate`, `adapters[0].rank`.
 */
export const sweep = (
  recipe: WrittenRecipe,
  keys: SweepKeys,
  options: ComparisonOptions,
  modules: Modules,
): Promise<Comparison> =>
  fromProgram(recipe, (parsed) => carryOut('sweep', parsed, sweepVariants(keys), options, modules));
