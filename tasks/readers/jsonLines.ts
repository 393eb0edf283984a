import type { Problem } from '../../src/base/errors.js';
import { addAll } from '../../src/base/lists.js';
import { parseLossless } from '../../src/base/losslessJson.js';
import { parseJson } from '../../src/schema/jsonSyntax.js';
import { type DatasetId, type ItemCheck, itemProblems } from './listFile.js';
import { textLines } from './textFile.js';

/** One line of a JSON Lines file. */
export interface JsonLine<Item> {
  readonly item: Item;
  /** 1-based. */
  readonly line: number;
}

function parsed<Item>(file: string, line: number, text: string, check: ItemCheck<Item>): Item | Problem[] {
  const json = parseJson(file, text, parseLossless);
  if ('problem' in json) return [{ ...json.problem, line }];
  if (check(json.value)) return json.value;
  return itemProblems({ file, line }, '', json.value, check);
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
  const items: JsonLine<Item>[] = [];
  let lines = 0;
  for (const { text, line } of textLines(file, problems)) {
    lines++;
    if (text === '') continue;
    const result = parsed(file, line, text, check);
    if (Array.isArray(result)) addAll(problems, result);
    else items.push({ item: result, line });
  }
  if (lines > 0 && items.length === 0 && problems.every((problem) => problem.file !== file)) {
    problems.push({ file, message: 'the file has blank lines only' });
  }
  return items;
}

/** Adds a problem for each line whose id came before. */
export function checkUniqueLines<Item>(
  file: string,
  lines: readonly JsonLine<Item>[],
  name: string,
  idOf: (item: Item) => DatasetId,
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
