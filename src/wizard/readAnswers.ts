import type { ValidateFunction } from 'ajv';
import { UsageError } from '../base/errors.js';
import { isJsonObject } from '../base/json.js';
import type { Modules } from '../prepare/modules.js';
import { applyOverride, type Override } from '../recipe/override.js';
import { valueAt } from '../recipe/path.js';
import {
  type Finding,
  type ParsedRecipe,
  parseRecipe,
  problemOf,
  type RecipeSource,
} from '../recipe/source.js';
import { schemaCompiler } from '../schema/schemaCompiler.js';
import { explainErrors } from '../schema/schemaWords.js';
import { fileStatus } from '../system/fileStatus.js';
import { readUtf8 } from '../system/utf8Text.js';
import type { Answers } from './answers.js';
import { answersSchema } from './answersSchema.js';
import { offeredTasks } from './chosen.js';
import { LENGTHS } from './chosenBudget.js';

/** Answers that were given beforehand, and where each of them stands. */
export interface GivenAnswers {
  readonly answers: Answers;
  readonly source: RecipeSource;
}

function parseFile(file: string | undefined): ParsedRecipe {
  if (file === undefined) return parseRecipe('{}', 'answers');
  if (!fileStatus(file)?.isFile()) throw new UsageError({ file, message: 'there is no such file' });
  return parseRecipe(readUtf8(file), file);
}

/** A length that a flag gives takes the place of that of the file. */
function withoutLengths({ input, source }: ParsedRecipe, flags: readonly Override[]): ParsedRecipe {
  const { budget, ...rest } = isJsonObject(input) ? input : {};
  const isLength = (key: unknown) => LENGTHS.some((length) => length === key);
  const gives = flags.some(({ path: [step, key] }) => step === 'budget' && isLength(key));
  if (!gives || !isJsonObject(budget)) return { input, source };
  const kept = Object.entries(budget).filter(([key]) => !isLength(key));
  return { input: { ...rest, budget: Object.fromEntries(kept) }, source };
}

/** Options of adapters that the answers do not choose. */
function strayOptions({ adapters, options = {} }: Answers): Finding[] {
  return Object.keys(options)
    .filter((kind) => adapters && !adapters.includes(kind))
    .map((kind) => ({
      path: ['options', kind],
      target: 'key',
      message: `the adapter "${kind}" is not among "adapters"`,
      expected: 'add it there, or leave its options out',
    }));
}

/** Compiled once for each task of the modules, and for one that is not known. */
const checks = new WeakMap<Modules, Map<string | undefined, ValidateFunction>>();

function checkFor(given: unknown, modules: Modules): ValidateFunction {
  const task = offeredTasks(modules).find(({ kind }) => kind === given)?.kind;
  const known = checks.get(modules) ?? new Map<string | undefined, ValidateFunction>();
  checks.set(modules, known);
  const check = known.get(task) ?? schemaCompiler({ strict: false }).compile(answersSchema(task, modules));
  known.set(task, check);
  return check;
}

/**
 * Reads a file of answers and what flags say instead of it. Throws UsageError with everything that is wrong: at line and
 * column of the file, or at the flag.
 */
export function readAnswers(
  file: string | undefined,
  flags: readonly Override[],
  modules: Modules,
): GivenAnswers {
  const { input, source } = flags.reduce(applyOverride, withoutLengths(parseFile(file), flags));
  const check = checkFor(valueAt(input, ['task']), modules);
  const isRight = check(input);
  const findings = isRight ? strayOptions(input as Answers) : explainErrors(check.errors ?? [], input);
  if (findings.length > 0) throw new UsageError(findings.map((finding) => problemOf(finding, source)));
  return { answers: input as Answers, source };
}
