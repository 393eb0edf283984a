import { type Problem, UsageError } from '../../base/errors.js';
import { isJsonObject, type JsonSchema } from '../../base/json.js';
import { addAll } from '../../base/lists.js';
import { lazyCheck } from '../../schema/lazyCheck.js';
import { schemaCompiler } from '../../schema/schemaCompiler.js';
import { schemaProblems } from '../../schema/schemaWords.js';
import type { Config } from '../backbone.js';
import type { Rule } from './configKeys.js';

/** Keys of every family that change what a model computes, with the only value that is read. */
const COMMON: JsonSchema = {
  pruned_heads: { type: 'object', maxProperties: 0 },
  quantization_config: { type: 'null' },
};

/** What a reader of a config knows. */
interface ReaderOptions<Own> {
  /** Keys that are read, with their defaults. */
  readonly properties: JsonSchema;
  /** Keys with a single value that the family computes, besides those that no family reads. */
  readonly fixed?: JsonSchema;
  /** Default: `model_type`. */
  readonly required?: readonly string[];
  /** What keys say together; the first key of a rule is the place of its problem. */
  readonly rules?: readonly Rule<Own>[];
}

const isAt = (problem: Problem, key: string): boolean =>
  problem.where === `/${key}` || (problem.where ?? '').startsWith(`/${key}/`);

/**
 * A reader of config.json files: it checks the values and fills in defaults; keys that it does not know (labels, tokens,
 * versions) are left out. It throws UsageError with everything that is wrong.
 */
export function configReader<Own>({
  properties,
  fixed = {},
  required = ['model_type'],
  rules = [],
}: ReaderOptions<Own>): (config: Config) => Own {
  const known = { ...properties, ...COMMON, ...fixed };
  const check = lazyCheck(() => {
    const schema = { type: 'object', required, properties: known };
    return schemaCompiler({ useDefaults: true }).compile<Own>(schema);
  });
  return (config) => {
    const filled: unknown = Object.fromEntries(Object.entries(config).filter(([key]) => key in known));
    const problems = check(filled) ? [] : schemaProblems(check.errors, filled);
    const isRight = (key: string) => !problems.some((problem) => isAt(problem, key));
    for (const { keys, problem } of rules.filter((rule) => rule.keys.every(isRight))) {
      const found = problem(filled as Own);
      if (found) problems.push({ where: `/${keys[0]}`, ...found });
    }
    if (problems.length > 0) throw new UsageError(problems);
    return filled as Own;
  };
}

/** Reads several things; throws one UsageError with the problems of all. */
export function readAll<Parts extends Readonly<Record<string, unknown>>>(
  readers: {
    readonly [Name in keyof Parts]: () => Parts[Name];
  },
): Parts {
  const problems: Problem[] = [];
  const parts = Object.entries(readers).flatMap(([name, read]) => {
    try {
      return [[name, read()] as const];
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      addAll(problems, error.problems);
      return [];
    }
  });
  if (problems.length > 0) throw new UsageError(problems);
  return Object.fromEntries(parts) as Parts;
}

/**
 * Reads an object inside a config; problems are told at `/key`. Old files have a second, shorter copy beside it
 * (`text_config_dict`); transformers fills that with its defaults and lets it win, so that of the first nothing is left.
 * Null says that a key has its default, but for `pad_token_id`.
 */
export function readPart<Part>(config: Config, key: string, read: (part: Config) => Part): Part {
  const own = config[key] ?? {};
  const second = config[`${key}_dict`];
  try {
    if (!isJsonObject(own)) {
      throw new UsageError({ message: 'it is not an object', expected: 'the keys of one tower' });
    }
    const given = Object.entries(isJsonObject(second) ? second : own);
    return read(
      Object.fromEntries(given.filter(([name, value]) => value !== null || name === 'pad_token_id')),
    );
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(error.problems.map((one) => ({ ...one, where: `/${key}${one.where ?? ''}` })));
  }
}
