import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { type Problem, UsageError } from '../base/errors.js';
import { inWords } from '../base/json.js';
import type { Modules } from '../prepare/modules.js';
import { checkRecipe, checkWritten, defaultTextLength, fillFromFolders } from './checks.js';
import { type Path, valueAt } from './path.js';
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
  /** Kinds that it may name. */
  readonly modules: Modules;
}

/** Errors of the schema; defaults are filled in. */
function schemaErrors(filled: unknown, modules: Modules, exists: RecipeCheck['exists']) {
  const check = checkOf(modules);
  check.exists = exists;
  return check.errorsOf(filled);
}

/** A copy that may be changed; what JSON can't hold is left out, as JSON does. */
const copyOf = (input: unknown): unknown => JSON.parse(JSON.stringify(input ?? null)) as unknown;

/** Defaults that depend on other keys. */
function complete(filled: Recipe, directory: string, modules: Modules): Recipe {
  const { training, data } = filled;
  const epochs = training.maxSteps === undefined ? { epochs: training.epochs ?? 5 } : {};
  return {
    ...filled,
    data: { ...data, maxTextLength: data.maxTextLength ?? defaultTextLength(filled, directory, modules) },
    training: { ...training, ...epochs },
    output: filled.output ?? `runs/${filled.name}`,
  };
}

/** Numbers that JSON has not: a text may have one that is too large, a program any. */
function numbersNotFinite(value: unknown, path: Path = []): Finding[] {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    const message = Number.isNaN(value) ? 'it is not a number' : 'it is beyond what a number can hold';
    return [{ path, target: 'value', message, expected: 'a number from -1.8e308 to 1.8e308' }];
  }
  if (typeof value !== 'object' || value === null) return [];
  const entries: (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((item, at) => [at, item])
    : Object.entries(value);
  return entries.flatMap(([key, item]) => numbersNotFinite(item, [...path, key]));
}

/** A schema where a recipe should be: that of recipes, or another one. */
function requireNoSchema(input: unknown, source?: RecipeSource): void {
  const isSchema = /^https?:\/\/json-schema\.org\//.test(inWords(valueAt(input, ['$schema'])));
  if (!isSchema || valueAt(input, ['properties']) === undefined) return;
  const message = 'this is a JSON Schema, which says what recipes look like, not a recipe';
  refuse(
    [{ path: [], target: 'value', message, expected: 'a recipe; vlgraft recipes ls lists some' }],
    source,
  );
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
export function resolveRecipe(input: unknown, options: ResolveOptions): Recipe {
  const { source, directory = process.cwd(), files = true, modules } = options;
  requireNoSchema(input, source);
  const filled = copyOf(input);
  const infinite = numbersNotFinite(input);
  const written = [
    ...infinite,
    ...checkWritten(filled, { directory, files }),
    ...(files ? fillFromFolders(filled, directory, modules) : []),
  ];
  const exists = (path: string) => !files || existsSync(resolve(directory, path));
  const errors = schemaErrors(filled, modules, exists);
  const isTold = ({ path }: Finding) => infinite.some((one) => isDeepStrictEqual(one.path, path));
  const findings = explainRecipeErrors(errors, filled, { modules, directory }).filter((one) => !isTold(one));
  const hasShape = errors.every(({ keyword }) => keyword === 'format');
  const deeper = hasShape ? checkRecipe(filled as Recipe, { directory, files, modules }) : [];
  refuse([...written, ...findings, ...deeper], source);
  return complete(filled as Recipe, directory, modules);
}
