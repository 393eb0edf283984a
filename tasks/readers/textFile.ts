import { readFileSync } from 'node:fs';
import type { Problem } from '../../src/base/errors.js';
import { noteFileRead } from '../../src/data/filesRead.js';
import { fileStatus } from '../../src/system/fileStatus.js';

/** One line of a text file. */
export interface TextLine {
  /** Without white space around it. */
  readonly text: string;
  /** 1-based. */
  readonly line: number;
}

/** Largest file that is read, bytes: all of it is held while it is read. */
const LARGEST = 2 ** 31 - 1;
const NEW_LINE = 0x0a;

const fileProblem = (file: string, largest: number): Problem | undefined => {
  const status = fileStatus(file);
  if (!status) return { file, message: 'no such file' };
  if (!status.isFile()) return { file, message: 'this is not a file' };
  if (status.size === 0) return { file, message: 'the file is empty (0 bytes)' };
  if (status.size > largest)
    return { file, message: `the file has ${status.size} bytes; at most ${largest} are read` };
  return undefined;
};

/** The bytes of a file of a dataset; undefined, with the reason among the problems, where there are none to read. */
export function readBytes(file: string, problems: Problem[], largest = LARGEST): Buffer | undefined {
  const wrong = fileProblem(file, largest);
  noteFileRead(file);
  if (!wrong) return readFileSync(file);
  problems.push(wrong);
  return undefined;
}

/**
 * The lines of a text file of a dataset (UTF-8; a byte order mark and CRLF are allowed), blank ones too; those that are
 * not UTF-8 are left out and add a problem.
 */
export function* textLines(file: string, problems: Problem[]): Generator<TextLine> {
  const bytes = readBytes(file, problems);
  if (!bytes) return;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (let start = 0, line = 1; start < bytes.length; line++) {
    const found = bytes.indexOf(NEW_LINE, start);
    const end = found === -1 ? bytes.length : found;
    let text: string | undefined;
    try {
      text = decoder.decode(bytes.subarray(start, end)).trim();
    } catch {
      problems.push({ file, line, message: 'this line is not UTF-8' });
    }
    if (text !== undefined) yield { text, line };
    start = end + 1;
  }
}
