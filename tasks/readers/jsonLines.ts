import { readFileSync, statSync } from 'node:fs';
import type { Problem } from '../../src/errors.js';
import { syntaxProblem } from './jsonFile.js';
import type { ItemCheck } from './listFile.js';

/** One line of a JSON Lines file. */
export interface JsonLine<Item> {
  readonly item: Item;
  /** 1-based. */
  readonly line: number;
}

/** Largest file that is read, bytes: all of it is held while it is read, and each line is a text of its own. */
const LARGEST = 2 ** 31 - 1;
const NEW_LINE = 0x0a;

const fileProblem = (file: string): Problem | undefined => {
  const status = statSync(file, { throwIfNoEntry: false });
  if (!status) return { file, message: 'no such file' };
  if (!status.isFile()) return { file, message: 'this is not a file' };
  if (status.size === 0) return { file, message: 'the file is empty (0 bytes)' };
  if (status.size > LARGEST) return { file, message: 'the file is larger than 2 GiB' };
  return undefined;
};

/** The lines of UTF-8 bytes without their ends and without a byte order mark; undefined where one is not UTF-8. */
function* linesOf(bytes: Buffer): Generator<string | undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(NEW_LINE, start);
    const end = found === -1 ? bytes.length : found;
    try {
      yield decoder.decode(bytes.subarray(start, end)).trim();
    } catch {
      yield undefined;
    }
    start = end + 1;
  }
}

function parsed<Item>(file: string, line: number, text: string, check: ItemCheck<Item>): Item | Problem[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return [{ ...syntaxProblem(file, text, (error as Error).message), line }];
  }
  if (check(value)) return value;
  return (check.errors ?? []).map(({ instancePath, message = 'is wrong', params }) => ({
    file,
    line,
    ...(instancePath && { where: instancePath }),
    message,
    ...('allowedValues' in params && { expected: (params.allowedValues as unknown[]).join(' or ') }),
  }));
}

/**
 * Reads a JSON Lines file of a dataset (UTF-8; a byte order mark, CRLF and blank lines are allowed): the lines that
 * pass the check, which must be one of objects; every other one adds its problems.
 */
export function readJsonLines<Item extends object>(
  file: string,
  check: ItemCheck<Item>,
  problems: Problem[],
): JsonLine<Item>[] {
  const wrong = fileProblem(file);
  if (wrong) {
    problems.push(wrong);
    return [];
  }
  const items: JsonLine<Item>[] = [];
  let line = 0;
  for (const text of linesOf(readFileSync(file))) {
    line++;
    if (text === undefined) problems.push({ file, line, message: 'this line is not UTF-8' });
    if (!text) continue;
    const result = parsed(file, line, text, check);
    if (Array.isArray(result)) problems.push(...result);
    else items.push({ item: result, line });
  }
  if (line > 0 && items.length === 0 && problems.every((problem) => problem.file !== file)) {
    problems.push({ file, message: 'the file has blank lines only' });
  }
  return items;
}

/** Adds a problem for each line whose id came before. */
export function checkUniqueLines<Item>(
  file: string,
  lines: readonly JsonLine<Item>[],
  name: string,
  idOf: (item: Item) => number | string,
  problems: Problem[],
): void {
  const first = new Map<string, number>();
  for (const { item, line } of lines) {
    const id = String(idOf(item));
    const before = first.get(id);
    if (before === undefined) first.set(id, line);
    else problems.push({ file, line, message: `${name} ${id} is already used in line ${before}` });
  }
}
