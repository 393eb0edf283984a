import { constants } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';
import { type ParseErrorCode, printParseErrorCode, visit } from 'jsonc-parser';
import type { Problem } from '../../src/errors.js';

/** A JSON file as it was read, or what is wrong with it. */
export interface JsonFile {
  readonly value?: unknown;
  readonly problems: readonly Problem[];
}

const STRICT = { disallowComments: true, allowTrailingComma: false, allowEmptyContent: false };

/** Where the first syntax error stands; only looked for after JSON.parse has refused the text. */
export function syntaxProblem(file: string, text: string, fallback: string): Problem {
  let found: Problem | undefined;
  const onError = (code: ParseErrorCode, _offset: number, _length: number, line: number, column: number) => {
    const words = printParseErrorCode(code).replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`);
    const message = `not JSON:${words}`;
    found ??= { file, line: line + 1, column: column + 1, message };
  };
  visit(text, { onError }, STRICT);
  return found ?? { file, message: `not JSON: ${fallback}` };
}

/** Reads a JSON file of a dataset (UTF-8, a byte order mark is allowed); gives problems instead of throwing. */
export function readJsonFile(file: string): JsonFile {
  const status = statSync(file, { throwIfNoEntry: false });
  const refuse = (message: string): JsonFile => ({ problems: [{ file, message }] });
  if (!status) return refuse('no such file');
  if (!status.isFile()) return refuse('this is not a file');
  if (status.size === 0) return refuse('the file is empty (0 bytes)');
  if (status.size > constants.MAX_STRING_LENGTH)
    return refuse('the file is larger than a text can be (512 MiB)');
  const text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  try {
    return { value: JSON.parse(text), problems: [] };
  } catch (error) {
    return { problems: [syntaxProblem(file, text, (error as Error).message)] };
  }
}
