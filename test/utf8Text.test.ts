import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type Problem, UsageError } from '../src/base/errors.js';
import { readJsonObject } from '../src/checkpoints/jsonFile.js';
import { checkInputs } from '../src/cli/predictInputs.js';
import { readRecipe } from '../src/recipe/load.js';
import { decodeUtf8 } from '../src/system/utf8Text.js';
import { readJsonFile } from '../tasks/readers/jsonFile.js';

const folder = mkdtempSync(join(tmpdir(), 'utf8-'));
afterAll(() => rmSync(folder, { recursive: true }));

const bytes = (...parts: (string | number)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from([part]))));

const problemOf = (content: Buffer): Problem | undefined => {
  const decoded = decodeUtf8('f', content);
  return 'problem' in decoded ? decoded.problem : undefined;
};

test('UTF-8 is decoded as it is, a byte order mark and U+FFFD included', () => {
  const text = '\uFEFF{"é": "\uFFFD 名 🙂"}\r\n';
  expect(decodeUtf8('f', Buffer.from(text))).toEqual({ text });
  expect(decodeUtf8('f', Buffer.alloc(0))).toEqual({ text: '' });
});

test.each([
  ['Latin-1', bytes('ab\ncaf', 0xe9, '?\n'), 2, 4],
  ['after characters of several bytes, counted as editors do', bytes('名🙂\uFFFD', 0xff, 'x'), 1, 5],
  ['the first byte', bytes(0x80), 1, 1],
  ['a character that the end cuts off', bytes('ab', 0xe5, 0x90), 1, 3],
  ['a character that the end of the line cuts off', bytes('ab', 0xe5, 0x90, '\nx'), 1, 3],
  ['a character written too long', bytes('a', 0xc0, 0xaf), 1, 2],
  ['half of a surrogate pair', bytes('abcd', 0xed, 0xa0, 0x80), 1, 5],
  ['the second of two lines that are wrong is not told', bytes('a\nb', 0xff, '\n', 0xff), 2, 2],
])('what is not UTF-8 is told with its place: %s', (_, content, line, column) => {
  expect(problemOf(content)).toMatchObject({ line, column, message: 'this character is not UTF-8' });
});

test('other encodings and archives are named', () => {
  const little = Buffer.concat([bytes(0xff, 0xfe), Buffer.from('{}', 'utf16le')]);
  const big = bytes(0xfe, 0xff, 0, '{', 0, '}');
  expect(
    [little, big, bytes(0x1f, 0x8b, 8), bytes('PK', 3, 4, 0xff)].map(
      (content) => problemOf(content)?.message,
    ),
  ).toEqual(['this is UTF-16', 'this is UTF-16', 'this is compressed by gzip', 'this is a ZIP archive']);
});

/** What reading throws, or gives, as problems. */
async function problems(read: () => unknown): Promise<readonly Problem[]> {
  try {
    return ((await read()) as { problems: readonly Problem[] }).problems;
  } catch (error) {
    if (error instanceof UsageError) return error.problems;
    throw error;
  }
}

test('no reader replaces what is not UTF-8: recipes, configs, datasets, questions to answer', async () => {
  const file = join(folder, 'latin1.json');
  writeFileSync(file, bytes('{"text": "caf', 0xe9, '", "picture": "a.png"}'));
  const readers = [
    () => readRecipe(file),
    () => readJsonObject(file),
    () => readJsonFile(file),
    () => checkInputs(file, { pictures: false }),
  ];
  const told = {
    file,
    line: 1,
    column: 14,
    message: 'this character is not UTF-8',
    expected: 'text saved as UTF-8',
  };
  for (const read of readers) expect(await problems(read)).toEqual([told]);
});

test('lines of questions are cut at line feeds, wherever the pieces of a file end', async () => {
  const file = join(folder, 'many.jsonl');
  const line = `${JSON.stringify({ text: '名'.repeat(30000), picture: 'a.png' })}\r\n`;
  writeFileSync(file, `\uFEFF${line.repeat(5)}\n${line.trim()}`);
  expect(await checkInputs(file, { pictures: false })).toMatchObject({ count: 6 });
});
