import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { type Problem, UsageError } from '../base/errors.js';
import { addAll } from '../base/lists.js';
import { nestingProblem, syntaxWords } from '../schema/jsonSyntax.js';
import { formatPath, isPrefix, type Path } from './path.js';
import { type PositionOf, positionsIn } from './positions.js';

/** A `--set` that was applied to a recipe. */
interface Override {
  readonly path: Path;
  /** As written, for errors. */
  readonly flag: string;
}

/** The text that a recipe came from, so that problems can be shown at their line and column. */
export interface RecipeSource {
  readonly file: string;
  readonly positionOf: PositionOf;
  readonly tree: Node;
  readonly overrides: readonly Override[];
}

/** A recipe's value as written, with its source. */
export interface ParsedRecipe {
  readonly input: unknown;
  readonly source: RecipeSource;
}

/** What is wrong at a place of a recipe, before the place is turned into a line and a column. */
export interface Finding {
  readonly path: Path;
  /** Whether the key or its value is to blame. */
  readonly target: 'key' | 'value';
  readonly message: string;
  readonly expected?: string;
}

const LARGEST_RECIPE = 1 << 20;

/** JSON value of a tree; keys such as `__proto__` stay plain keys. */
function plainValue(node: Node): unknown {
  if (node.type === 'array') return (node.children ?? []).map(plainValue);
  if (node.type !== 'object') return node.value as unknown;
  const value: Record<string, unknown> = {};
  for (const property of node.children ?? []) {
    const [key, content] = property.children ?? [];
    if (!key || !content) continue;
    Object.defineProperty(value, key.value as string, {
      value: plainValue(content),
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }
  return value;
}

/** Keys that stand twice in one object. */
function duplicates(node: Node, file: string, positionOf: PositionOf): Problem[] {
  const first = new Map<string, Node>();
  const own = (node.type === 'object' ? (node.children ?? []) : []).flatMap((property): Problem[] => {
    const key = property.children?.[0];
    if (!key) return [];
    const earlier = first.get(key.value as string);
    first.set(key.value as string, key);
    if (!earlier) return [];
    const { line } = positionOf(earlier.offset);
    const message = `the key ${JSON.stringify(key.value)} is given twice`;
    return [{ file, ...positionOf(key.offset), message, expected: `it stands in line ${line} already` }];
  });
  return [...own, ...(node.children ?? []).flatMap((child) => duplicates(child, file, positionOf))];
}

/**
 * Errors without those that only follow from others: a key inside a list says that the list is not closed, and nothing
 * after it means anything; after a string without an end, a comma is missing too.
 */
function causes(errors: readonly ParseError[], text: string): ParseError[] {
  const inList = errors.findIndex((error) => isKeyInList(error, text));
  const told = inList === -1 ? errors : errors.slice(0, inList + 1);
  return told.filter((one, index) => {
    const before = told[index - 1];
    if (!before) return true;
    return one.offset !== before.offset && printParseErrorCode(before.error) !== 'UnexpectedEndOfString';
  });
}

const isKeyInList = ({ error, offset }: ParseError, text: string): boolean =>
  printParseErrorCode(error) === 'CommaExpected' && text[offset] === ':';

/** Problems of a text that is no JSON; single quotes are one, whatever they lead to. */
function syntaxProblems(
  all: readonly ParseError[],
  file: string,
  text: string,
  positionOf: PositionOf,
): Problem[] {
  const [first] = all;
  if (first && text[first.offset] === "'") {
    const message = 'single quotes stand here, which JSON has not';
    return [{ file, ...positionOf(first.offset), message, expected: 'double quotes, everywhere' }];
  }
  return causes(all, text).map((one) => ({
    file,
    ...positionOf(one.offset),
    message: isKeyInList(one, text)
      ? 'a key inside a list: a closing ] was expected before it'
      : syntaxWords(one.error),
  }));
}

/**
 * Reads a recipe's text: JSON, with comments and trailing commas allowed.
 * Throws UsageError with line and column of every syntax error and of every key given twice.
 */
export function parseRecipe(text: string, file: string): ParsedRecipe {
  if (text.length > LARGEST_RECIPE) {
    throw new UsageError({ file, message: 'this file is too large for a recipe', expected: 'at most 1 MiB' });
  }
  const source = text.replace(/^\uFEFF/, '');
  const tooDeep = nestingProblem(file, source);
  if (tooDeep) throw new UsageError(tooDeep);
  const errors: ParseError[] = [];
  const tree = parseTree(source, errors, { allowTrailingComma: true, disallowComments: false });
  if (source.trim() === '') {
    const expected = 'a recipe, for example a copy of a shipped one: vlgraft recipes cp';
    throw new UsageError({ file, line: 1, column: 1, message: 'the file is empty', expected });
  }
  const positionOf = positionsIn(source);
  const problems = syntaxProblems(errors, file, source, positionOf);
  if (tree) addAll(problems, duplicates(tree, file, positionOf));
  if (!tree || problems.length > 0) throw new UsageError(problems);
  return { input: plainValue(tree), source: { file, positionOf, tree, overrides: [] } };
}

/** The node of a path, or of its nearest ancestor that the text has. */
function nearestNode(tree: Node, path: Path, target: 'key' | 'value'): Node {
  for (let length = path.length; length > 0; length--) {
    const node = findNodeAtLocation(tree, path.slice(0, length));
    if (!node) continue;
    const key = node.parent?.type === 'property' ? node.parent.children?.[0] : undefined;
    return target === 'key' && key ? key : node;
  }
  return tree;
}

/** The last `--set` that a place comes from: of it, around it or, where the text has no such place, inside it. */
function overrideOf({ overrides, tree }: RecipeSource, path: Path): Override | undefined {
  const isAround = (candidate: Override) => isPrefix(candidate.path, path);
  const around = overrides.findLast(isAround);
  if (!around && findNodeAtLocation(tree, [...path])) return undefined;
  return overrides.findLast((candidate) => isAround(candidate) || isPrefix(path, candidate.path));
}

/** Turns a finding into a problem: at its `--set`, at its line and column, or, for an object, at its path. */
export function problemOf(finding: Finding, source?: RecipeSource): Problem {
  const { path, target, message, expected } = finding;
  const where = formatPath(path);
  const told = { ...(where ? { where } : {}), message, ...(expected ? { expected } : {}) };
  if (!source) return told;
  const override = overrideOf(source, path);
  if (override) return { file: override.flag, ...told };
  const node = nearestNode(source.tree, path, target);
  return { file: source.file, ...source.positionOf(node.offset), ...told };
}
