import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { type Problem, UsageError } from '../errors.js';
import { formatPath, isPrefix, type Path } from './path.js';

/** A `--set` that was applied to a recipe. */
interface Override {
  readonly path: Path;
  /** As written, for errors. */
  readonly flag: string;
}

/** The text that a recipe came from, so that problems can be shown at their line and column. */
export interface RecipeSource {
  readonly file: string;
  readonly text: string;
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

const SYNTAX: Readonly<Record<string, string>> = {
  InvalidSymbol: 'not a JSON value',
  InvalidNumberFormat: 'not a JSON number',
  PropertyNameExpected: 'a key in double quotes was expected here',
  ValueExpected: 'a value was expected here',
  ColonExpected: 'a colon was expected here',
  CommaExpected: 'a comma was expected here',
  CloseBraceExpected: 'a closing } was expected here',
  CloseBracketExpected: 'a closing ] was expected here',
  EndOfFileExpected: 'the recipe ends here, but more text follows',
  UnexpectedEndOfComment: 'this comment does not end',
  UnexpectedEndOfString: 'this string does not end',
  UnexpectedEndOfNumber: 'this number does not end',
  InvalidUnicode: 'not a valid \\u escape',
  InvalidEscapeCharacter: 'not a valid escape in a string',
  InvalidCharacter: 'a control character stands in a string',
};

function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
}

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
function duplicates(node: Node, file: string, text: string): Problem[] {
  const first = new Map<string, Node>();
  const own = (node.type === 'object' ? (node.children ?? []) : []).flatMap((property): Problem[] => {
    const key = property.children?.[0];
    if (!key) return [];
    const earlier = first.get(key.value as string);
    first.set(key.value as string, key);
    if (!earlier) return [];
    const { line } = positionOf(text, earlier.offset);
    const message = `the key ${JSON.stringify(key.value)} is given twice`;
    return [
      { file, ...positionOf(text, key.offset), message, expected: `it stands in line ${line} already` },
    ];
  });
  return [...own, ...(node.children ?? []).flatMap((child) => duplicates(child, file, text))];
}

function syntaxProblems(errors: readonly ParseError[], file: string, text: string): Problem[] {
  return errors.map((error) => {
    const code = printParseErrorCode(error.error);
    return { file, ...positionOf(text, error.offset), message: SYNTAX[code] ?? code };
  });
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
  const errors: ParseError[] = [];
  const tree = parseTree(source, errors, { allowTrailingComma: true, disallowComments: false });
  if (!tree && errors.length === 0)
    throw new UsageError({ file, line: 1, column: 1, message: 'it is empty' });
  const problems = [...syntaxProblems(errors, file, source), ...(tree ? duplicates(tree, file, source) : [])];
  if (!tree || problems.length > 0) throw new UsageError(problems);
  return { input: plainValue(tree), source: { file, text: source, tree, overrides: [] } };
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

/** The `--set` that a place comes from: one of it or around it, else one inside it, where the text has no such place. */
function overrideOf({ overrides, tree }: RecipeSource, path: Path): Override | undefined {
  const around = overrides.findLast((candidate) => isPrefix(candidate.path, path));
  if (around || findNodeAtLocation(tree, [...path])) return around;
  return overrides.findLast((candidate) => isPrefix(path, candidate.path));
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
  return { file: source.file, ...positionOf(source.text, node.offset), ...told };
}
