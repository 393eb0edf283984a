import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { type Problem, UsageError } from '../base/errors.js';

/** The text of bytes, a byte order mark kept, or what is wrong with them. */
export type DecodedText = { readonly text: string } | { readonly problem: Problem };

/** First bytes of what is taken for text, and what it is then. */
const OTHERS: readonly (readonly [start: readonly number[], message: string, expected: string])[] = [
  [[0xff, 0xfe], 'this is UTF-16', 'text saved as UTF-8'],
  [[0xfe, 0xff], 'this is UTF-16', 'text saved as UTF-8'],
  [[0x1f, 0x8b], 'this is compressed by gzip', 'the file inside, unpacked'],
  [[0x50, 0x4b, 0x03, 0x04], 'this is a ZIP archive', 'the file inside, unpacked'],
];

const NEW_LINE = 0x0a;

/** The first line, 1-based and without its end, that is not UTF-8: a line feed is part of no other character. */
function brokenLine(bytes: Buffer): { readonly line: number; readonly content: Buffer } {
  for (let start = 0, line = 1; ; line++) {
    const found = bytes.indexOf(NEW_LINE, start);
    const content = bytes.subarray(start, found === -1 ? bytes.length : found);
    if (found === -1 || !isUtf8(content)) return { line, content };
    start = found + 1;
  }
}

/** The characters before the first that is not UTF-8: a decoder that waits for the rest refuses only from there on. */
function textBefore(line: Buffer): string {
  let [good, text] = [0, ''];
  for (let step = 2 ** Math.floor(Math.log2(line.length || 1)); step >= 1; step /= 2) {
    try {
      const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
      text = decoder.decode(line.subarray(0, good + step), { stream: true });
      if (good + step <= line.length) good += step;
    } catch {
      // The character that is wrong lies within these bytes.
    }
  }
  return text;
}

function problemOf(file: string, bytes: Buffer): Problem {
  const other = OTHERS.find(([start]) => start.every((byte, at) => bytes[at] === byte));
  if (other) return { file, message: other[1], expected: other[2] };
  const { line, content } = brokenLine(bytes);
  const column = textBefore(content).length + 1;
  return { file, line, column, message: 'this character is not UTF-8', expected: 'text saved as UTF-8' };
}

/** Decodes UTF-8 from outside; replaces nothing: other encodings, bytes that are no character, and archives are a problem. */
export function decodeUtf8(file: string, bytes: Buffer): DecodedText {
  return isUtf8(bytes) ? { text: bytes.toString('utf8') } : { problem: problemOf(file, bytes) };
}

/** The text of a file; throws `UsageError` where it is not UTF-8. */
export function readUtf8(file: string): string {
  const decoded = decodeUtf8(file, readFileSync(file));
  if ('problem' in decoded) throw new UsageError(decoded.problem);
  return decoded.text;
}
