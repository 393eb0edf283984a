import { type Problem, UsageError } from '../errors.js';
import { isPrefix, type Path, parsePath } from './path.js';
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
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** A value with one place in it replaced; objects on the way are made, list items must exist or be the next one. */
function withValue(root: unknown, path: Path, value: unknown): unknown {
  const [part, ...rest] = path;
  if (part === undefined) return value;
  if (typeof part === 'number') return withItem(root, part, rest, value);
  if (root !== undefined && (!isContainer(root) || Array.isArray(root))) {
    throw new Error(
      `there is no key ${JSON.stringify(part)} in ${Array.isArray(root) ? 'a list' : 'a plain value'}`,
    );
  }
  const own = root !== undefined && Object.hasOwn(root, part) ? root[part] : undefined;
  return Object.fromEntries([...Object.entries(root ?? {}), [part, withValue(own, rest, value)]]);
}

function withItem(root: unknown, index: number, rest: Path, value: unknown): unknown[] {
  const list = root ?? [];
  if (!Array.isArray(list)) throw new Error('there is no list');
  if (index > list.length) throw new Error(`there is no item ${index}; the list has ${list.length}`);
  return [...list.slice(0, index), withValue(list[index], rest, value), ...list.slice(index + 1)];
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
    const { message } = error as Error;
    throw new UsageError({ file: flag, message, expected: 'a place that the recipe has' });
  }
}

/**
 * Applies `a.b=value` and `adapters[0].reductionFactor=8` to a recipe that was read, in order.
 * Throws UsageError with every one that is malformed or points to nowhere.
 */
export function applyOverrides(parsed: ParsedRecipe, settings: readonly string[]): ParsedRecipe {
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
      problems.push(...error.problems);
      return current;
    }
  }, parsed);
  if (problems.length > 0) throw new UsageError(problems);
  return result;
}
