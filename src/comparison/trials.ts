import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { formatProblem, type Problem, UsageError } from '../base/errors.js';
import { seedFrom } from '../base/random.js';
import { requireFree, requireOwned } from '../checkpoints/ownedFolder.js';
import type { Modules } from '../prepare/modules.js';
import { applyOverride } from '../recipe/override.js';
import { isPrefix, valueAt } from '../recipe/path.js';
import type { Recipe } from '../recipe/recipe.js';
import { type ParsedRecipe, problemOf } from '../recipe/source.js';
import { resolveRecipe } from '../recipe/validate.js';
import { runClaim } from '../run/claims.js';
import { outputConflicts } from '../run/outputConflicts.js';
import { changedKeys, earlierRun } from '../run/runFolder.js';
import { gatherProblems, type Variant, type Variants } from './variant.js';

/** One training: a variant with a seed, in a run folder of its own. */
export interface Trial {
  readonly variant: Variant;
  readonly seed: number;
  readonly recipe: Recipe;
}

/** What all trials of a comparison have in common. */
export interface TrialOptions {
  /** Default: the recipe's. */
  readonly seeds?: readonly number[];
  /** Folder of the run folders and of the results. */
  readonly output: string;
  /** Run again what is finished. */
  readonly overwrite?: boolean;
}

const LARGEST_SEED = 0xffffffff;
const LONGEST_FOLDER = 80;
const LONGEST_NAME = 100;

/** What a variant's folder is called; where that loses more than a colon, with a hash that tells it from others. */
export function folderName(variant: string): string {
  const wanted = variant.replaceAll(':', '-');
  const plain = wanted.replaceAll(/[^\w.=,+-]+|^\.+/g, '_');
  if (plain === wanted && plain.length <= LONGEST_FOLDER) return plain;
  const hash = seedFrom(variant).toString(16).padStart(8, '0');
  return `${plain.slice(0, LONGEST_FOLDER - hash.length - 1)}-${hash}`;
}

/** A run's name that says which trial it is, as far as the letters of a name allow. */
function trialName(recipe: string, variant: string, seed: number): string {
  const end = `-seed-${seed}`;
  const start = `${recipe}-${variant.replaceAll(/[^A-Za-z0-9.]+/g, '-')}`;
  return start.slice(0, LONGEST_NAME - end.length) + end;
}

function checkSeeds(seeds: readonly number[]): Problem[] {
  const wrong = seeds.filter((seed) => !Number.isInteger(seed) || seed < 0 || seed > LARGEST_SEED);
  const twice = seeds.filter((seed, index) => seeds.indexOf(seed) < index);
  return [
    ...(seeds.length === 0 ? [{ file: '--seeds', message: 'no seed is given' }] : []),
    ...wrong.map((seed) => ({
      file: '--seeds',
      message: `${seed} is not a seed`,
      expected: `a whole number from 0 to ${LARGEST_SEED}`,
    })),
    ...twice.map((seed) => ({ file: '--seeds', message: `${seed} is given twice` })),
  ];
}

function checkVariants(variants: readonly Variant[]): Problem[] {
  if (variants.length === 0) return [{ message: 'there is nothing to compare' }];
  const names = variants.map(({ name }) => name);
  return names.flatMap((name, index) =>
    names.indexOf(name) < index
      ? [{ file: variants[index]?.changes[0]?.flag ?? name, message: 'it is given twice' }]
      : [],
  );
}

/** Keys of the recipe that would do nothing here. */
function checkRecipe({ input, source }: ParsedRecipe): Problem[] {
  const output = source.overrides.findLast(({ path }) => isPrefix(['output'], path));
  const isMeasured = ['validation', 'test'].some((split) => valueAt(input, ['data', split]) !== undefined);
  return [
    ...(output
      ? [{ file: output.flag, message: 'each trial has a folder of its own', expected: '--output' }]
      : []),
    ...(isMeasured
      ? []
      : [
          {
            file: source.file,
            where: 'data',
            message: 'there is nothing to compare by',
            expected: 'add data.validation or data.test',
          },
        ]),
  ];
}

/** Metrics of different tasks are not to be compared. */
function checkTasks(recipes: readonly { readonly variant: Variant; readonly recipe: Recipe }[]): Problem[] {
  const kind = recipes[0]?.recipe.task.kind;
  return recipes.flatMap(({ variant, recipe }) =>
    recipe.task.kind === kind
      ? []
      : [
          {
            file: variant.changes[0]?.flag ?? variant.name,
            message: `the task is ${recipe.task.kind} here and ${kind} elsewhere`,
            expected: 'one task',
          },
        ],
  );
}

/** A trial that another recipe left in the same folder is not to be taken for this one. */
function checkEarlier({ recipe }: Trial, overwrite: boolean): Problem[] {
  const { problems } = gatherProblems([recipe], ({ output }) =>
    overwrite || earlierRun(output) !== 'finished'
      ? requireFree(output, runClaim())
      : requireOwned(output, 'run'),
  );
  if (problems.length > 0 || overwrite) return problems;
  if (!earlierRun(recipe.output) || !existsSync(join(recipe.output, 'recipe.json'))) return [];
  return changedKeys(recipe.output, recipe, 'choose another output, or overwrite');
}

/** The same problem of many variants is told once. */
const unique = (problems: readonly Problem[]): Problem[] => [
  ...new Map(problems.map((problem) => [formatProblem(problem), problem])).values(),
];

const resolveVariant = (
  parsed: ParsedRecipe,
  variant: Variant,
  modules: Modules,
): { variant: Variant; recipe: Recipe } => {
  const { input, source } = variant.changes.reduce(applyOverride, parsed);
  return { variant, recipe: resolveRecipe(input, { source, modules }) };
};

/** The problems of the recipe alone, which the variants would tell too. */
const problemsOfRecipe = (parsed: ParsedRecipe, modules: Modules): Problem[] =>
  gatherProblems([parsed], ({ input, source }) => resolveRecipe(input, { source, modules })).problems;

/** Every variant's recipe, and everything that is wrong with recipe, variants and seeds. */
function resolveAll(
  parsed: ParsedRecipe,
  { variants, problems: unread }: Variants,
  modules: Modules,
  given?: readonly number[],
) {
  const { made, problems } = gatherProblems(variants, (variant) => resolveVariant(parsed, variant, modules));
  const seeds = given ?? [made[0]?.recipe.seed ?? 1];
  const found = [
    ...unread,
    ...checkRecipe(parsed),
    ...(unread.length === 0 ? checkVariants(variants) : problemsOfRecipe(parsed, modules)),
    ...checkSeeds(seeds),
    ...checkTasks(made),
    ...problems,
  ];
  return { made, seeds, problems: unique(found) };
}

/**
 * Every trial of a comparison, seed by seed, so that an unfinished one has something of every variant. Throws UsageError
 * with everything that is wrong with recipe, variants, seeds and with what is in the folder, before anything trains.
 */
export function planTrials(
  parsed: ParsedRecipe,
  variants: Variants,
  options: TrialOptions,
  modules: Modules,
): Trial[] {
  const { made, seeds, problems } = resolveAll(parsed, variants, modules, options.seeds);
  if (problems.length > 0) throw new UsageError(problems);
  const trials = seeds.flatMap((seed) =>
    made.map(({ variant, recipe }): Trial => {
      const output = `${options.output}/${folderName(variant.name)}/seed-${seed}`;
      const name = trialName(recipe.name, variant.name, seed);
      return { variant, seed, recipe: { ...recipe, name, seed, output } };
    }),
  );
  const earlier = trials.flatMap((trial) => checkEarlier(trial, options.overwrite ?? false));
  const conflicts = trials.flatMap(({ recipe }) =>
    outputConflicts(recipe).map((one) => problemOf({ ...one, target: 'value' }, parsed.source)),
  );
  if (conflicts.length > 0) throw new UsageError(unique(conflicts));
  if (earlier.length > 0) throw new UsageError(earlier);
  return trials;
}
