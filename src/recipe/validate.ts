import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Problem, UsageError } from '../errors.js';
import { checkRecipe, checkWritten, defaultTextLength, fillFromFolders } from './checks.js';
import { type RecipeModules, shippedModules } from './modules.js';
import type { Recipe } from './recipe.js';
import { checkOf, type RecipeCheck } from './schemaCheck.js';
import { explainRecipeErrors } from './schemaErrors.js';
import { type Finding, problemOf, type RecipeSource } from './source.js';

/** How a recipe is checked. */
export interface ResolveOptions {
  /** Where it came from, so that problems name file, line and column. */
  readonly source?: RecipeSource;
  /** What paths are relative to; default: the working directory. */
  readonly directory?: string;
  /** False: files and folders that it names need not be there. Default true. */
  readonly files?: boolean;
  /** Kinds that it may name; default: those of this package. */
  readonly modules?: RecipeModules;
}

/** Errors of the schema; defaults are filled in. */
function schemaErrors(filled: unknown, modules: RecipeModules, exists: RecipeCheck['exists']) {
  const check = checkOf(modules);
  check.exists = exists;
  return check.errorsOf(filled);
}

/** A copy that may be changed; what JSON can't hold is left out, as JSON does. */
const copyOf = (input: unknown): unknown => JSON.parse(JSON.stringify(input ?? null)) as unknown;

/** Defaults that depend on other keys. */
function complete(filled: Recipe, directory: string): Recipe {
  const { training, data } = filled;
  const epochs = training.maxSteps === undefined ? { epochs: training.epochs ?? 5 } : {};
  return {
    ...filled,
    data: { ...data, maxTextLength: data.maxTextLength ?? defaultTextLength(filled, directory) },
    training: { ...training, ...epochs },
    output: filled.output ?? `runs/${filled.name}`,
  };
}

const inOrder = (a: Problem, b: Problem): number =>
  (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);

function refuse(findings: readonly Finding[], source?: RecipeSource): void {
  if (findings.length === 0) return;
  throw new UsageError(findings.map((finding) => problemOf(finding, source)).sort(inOrder));
}

/**
 * Checks a recipe and fills in its defaults; the input is not changed, and resolving twice changes nothing more.
 * Throws UsageError with every problem: at line and column with `source`, else at its path.
 */
export function resolveRecipe(input: unknown, options: ResolveOptions = {}): Recipe {
  const { source, directory = process.cwd(), files = true, modules = shippedModules } = options;
  const filled = copyOf(input);
  const written = [
    ...checkWritten(filled, { directory, files }),
    ...(files ? fillFromFolders(filled, directory) : []),
  ];
  const exists = (path: string) => !files || existsSync(resolve(directory, path));
  const errors = schemaErrors(filled, modules, exists);
  const findings = explainRecipeErrors(errors, filled, { modules, directory });
  const hasShape = errors.every(({ keyword }) => keyword === 'format');
  const deeper = hasShape ? checkRecipe(filled as Recipe, { directory }) : [];
  refuse([...written, ...findings, ...deeper], source);
  return complete(filled as Recipe, directory);
}
