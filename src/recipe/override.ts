import { type Problem, UsageError } from '../base/errors.js';
import { addAll } from '../base/lists.js';
import type { Modules } from '../prepare/modules.js';
import { parseJson } from '../schema/jsonSyntax.js';
import { formatPath, isPrefix, type Path, parsePath, valueAt } from './path.js';
import { recipeSchemaBesideSplits } from './schema.js';
import type { ParsedRecipe } from './source.js';

type Container = Record<string | number, unknown>;

const isContainer = (value: unknown): value is Container => typeof value === 'object' && value !== null;

/** Keys of which a recipe has one: setting one takes the other out, unless that was set too. */
const ALTERNATIVES: readonly (readonly [Path, Path])[] = [
  [
    ['training', 'epochs'],
    ['training', 'maxSteps'],
  ],
  [
    ['backbone', 'from'],
    ['backbone', 'create'],
  ],
];

/** JSON where it is JSON, else the text itself: `8`, `true`, `[0,1]`, `adamw`. */
export function parseValue(text: string): unknown {
  const parsed = parseJson('', text);
  return 'value' in parsed ? parsed.value : text;
}

/** A place that a recipe does not have. */
class Nowhere extends Error {
  constructor(
    message: string,
    readonly expected: string,
  ) {
    super(message);
  }
}

/** What objects start as is the same whatever kinds there are. */
const NO_MODULES: Modules = {
  adapters: [],
  tasks: [],
  taskLiterals: [],
  readers: [],
  objectives: [],
  regions: [],
  backbones: [],
  processors: [],
  optimizers: [],
};

/** What an object that is not written starts as: the schema's default, for example of a kind. */
function defaultAt(path: Path): object {
  const properties = path.flatMap((part) => ['properties', part]);
  const found = valueAt(recipeSchemaBesideSplits(NO_MODULES), [...properties, 'default']);
  return isContainer(found) && !Array.isArray(found) ? found : {};
}

/** A value with one place in it replaced; objects on the way are made, list items must exist or be the next one. */
function withValue(root: unknown, path: Path, value: unknown, at: Path = []): unknown {
  const [part, ...rest] = path;
  if (part === undefined) return value;
  if (typeof part === 'number') return withItem(root, [part, ...rest], value, at);
  if (Array.isArray(root)) {
    const expected = `an item of it, for example ${formatPath([...at, 0, part])}`;
    throw new Nowhere(`${formatPath(at)} is a list and has no key ${JSON.stringify(part)}`, expected);
  }
  if (root !== undefined && !isContainer(root)) {
    const expected = `${formatPath(at)}=value`;
    throw new Nowhere(`${formatPath(at)} is not an object and has no key ${JSON.stringify(part)}`, expected);
  }
  const before = root ?? defaultAt(at);
  const own = valueAt(before, [part]);
  return Object.fromEntries([...Object.entries(before), [part, withValue(own, rest, value, [...at, part])]]);
}

function withItem(
  root: unknown,
  [index, ...rest]: readonly [number, ...Path],
  value: unknown,
  at: Path,
): unknown[] {
  const list = root ?? [];
  if (!Array.isArray(list)) throw new Nowhere(`${formatPath(at)} is not a list`, `${formatPath(at)}=value`);
  if (index > list.length) {
    const count = list.length === 1 ? '1 item' : `${list.length} items`;
    const expected = `${formatPath([...at, list.length])} for a new one`;
    throw new Nowhere(`${formatPath(at)} has ${count} and no item ${index}`, expected);
  }
  const item = withValue(list[index], rest, value, [...at, index]);
  return [...list.slice(0, index), item, ...list.slice(index + 1)];
}

/** A value without one place of it. */
function without(root: unknown, [part, ...rest]: Path): unknown {
  if (!isContainer(root) || part === undefined || !Object.hasOwn(root, part)) return root;
  const entries = Object.entries(root);
  if (rest.length === 0) return Object.fromEntries(entries.filter(([key]) => key !== part));
  return Object.fromEntries(
    entries.map(([key, value]) => [key, key === part ? without(value, rest) : value]),
  );
}

/** One place of a recipe and what goes there. */
export interface Override {
  readonly path: Path;
  readonly value: unknown;
  /** As the user wrote it, for errors. */
  readonly flag: string;
}

function withoutAlternative({ input, source }: ParsedRecipe, path: Path): ParsedRecipe {
  const pair = ALTERNATIVES.find((paths) => paths.some((one) => isPrefix(one, path)));
  const other = pair?.find((one) => !isPrefix(one, path));
  if (!other || source.overrides.some((override) => isPrefix(other, override.path))) return { input, source };
  return { input: without(input, other), source };
}

/** A recipe with one place replaced; throws UsageError where there is no such place. */
export function applyOverride(parsed: ParsedRecipe, { path, value, flag }: Override): ParsedRecipe {
  const { input, source } = withoutAlternative(parsed, path);
  try {
    const overrides = [...source.overrides, { path, flag }];
    return { input: withValue(input, path, value), source: { ...source, overrides } };
  } catch (error) {
    if (!(error instanceof Nowhere)) throw error;
    throw new UsageError({ file: flag, message: error.message, expected: error.expected });
  }
}

/**
 * Applies `a.b=value` and `adapters[0].reductionFactor=8` to a recipe that was read, in order.
 * Throws UsageError with every one that is malformed or points to nowhere.
 */
export function applyOverrides(parsed: ParsedRecipe, settings: readonly string[]): ParsedRecipe {
  // What stands in the place of a recipe is told when it is checked; it has no keys to set.
  if (!isContainer(parsed.input) || Array.isArray(parsed.input)) return parsed;
  const problems: Problem[] = [];
  const result = settings.reduce((current, setting): ParsedRecipe => {
    const flag = `--set ${setting}`;
    const at = setting.indexOf('=');
    const path = at > 0 ? parsePath(setting.slice(0, at)) : undefined;
    if (!path) {
      const expected = 'a.b=value or adapters[0].option=value';
      problems.push({ file: flag, message: 'this is not a setting', expected });
      return current;
    }
    try {
      return applyOverride(current, { path, value: parseValue(setting.slice(at + 1)), flag });
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      addAll(problems, error.problems);
      return current;
    }
  }, parsed);
  if (problems.length > 0) throw new UsageError(problems);
  return result;
}
