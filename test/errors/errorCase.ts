import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { vi } from 'vitest';
import { quote } from '../../src/cli/quote.js';
import { runProgram } from '../../src/cli/runProgram.js';

/** What a file holds: text, bytes, a value that is written as JSON, or what becomes of the file that is there. */
export type Content = string | Uint8Array | object | ((before: Buffer) => string | Uint8Array | object);

/** One wrong use. */
export interface ErrorCase {
  /** What was done, as a reader of the documentation is told. */
  readonly title: string;
  /** Files that are made or changed before; null: removed. Paths are those of the group's folder. */
  readonly files?: Readonly<Record<string, Content | null>>;
  /** Instead of `files`, a change of text: file, what stands there, what stands there then. */
  readonly edit?: readonly [file: string, from: string, to: string];
  /** A file or folder that takes the place of another one. */
  readonly copy?: readonly [from: string, to: string];
  /** Words after `vlgraft`; default: those of the group. */
  readonly command?: readonly string[];
  /** Default 2. */
  readonly exitCode?: number;
}

/** Cases that start from the same folder. */
export interface ErrorGroup {
  readonly name: string;
  /** Words after `vlgraft` for cases that name none. */
  readonly command?: readonly string[];
  /** Makes the files that all of its cases have. */
  readonly prepare: (folder: string) => Promise<void> | void;
  readonly cases: readonly ErrorCase[];
}

/** What a user got. */
export interface ToldCase {
  readonly title: string;
  /** What was written in a file instead of what belongs there. */
  readonly wrote?: string;
  readonly command: string;
  readonly exitCode: number;
  /** Lines of stderr. */
  readonly told: readonly string[];
}

const root = resolve(import.meta.dirname, '../..');

const bytesOf = (content: string | Uint8Array | object): string | Uint8Array =>
  typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content, null, 2);

function put(folder: string, name: string, content: Content | null): void {
  const path = join(folder, name);
  if (content === null) {
    rmSync(path, { recursive: true });
    return;
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytesOf(typeof content === 'function' ? content(readFileSync(path)) : content));
}

function changeText(folder: string, [file, from, to]: NonNullable<ErrorCase['edit']>): void {
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
}

function replace(folder: string, [from, to]: NonNullable<ErrorCase['copy']>): void {
  rmSync(join(folder, to), { recursive: true, force: true });
  cpSync(join(folder, from), join(folder, to), { recursive: true });
}

/** Paths and process numbers of this machine, as they are told on every machine. */
const normalise = (text: string, folder: string): string =>
  text
    .replaceAll(folder, '.')
    .replaceAll(root, 'vlgraft')
    .replaceAll(/process \d+/g, 'process 1234')
    .replaceAll(/\b[0-9a-f]{12}\b/g, '0123456789ab');

/** `files: 1/1 split  3.20/s`: how far it is differs from time to time. */
const PROGRESS = /^[\w ]+: \d+\/\d+ \w+/;

/** Runs a command in a folder, in this process, and returns what it told. */
export async function tell(folder: string, words: readonly string[]): Promise<Omit<ToldCase, 'title'>> {
  let stderr = '';
  const spies = [
    vi.spyOn(process.stdout, 'write').mockReturnValue(true),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      stderr += String(text);
      return true;
    }),
  ];
  const before = process.cwd();
  process.chdir(folder);
  try {
    const exitCode = await runProgram(words);
    // A state holds seconds, whose digits vary.
    const steady = stderr.replace(/(state\.json: .* bytes), \d+ were/g, '$1, 650 were');
    const all = normalise(steady, folder).trimEnd().split('\n');
    const lines = all.filter((line) => !PROGRESS.test(line));
    return { command: normalise(quote(['vlgraft', ...words]), folder), exitCode, told: lines };
  } finally {
    process.exitCode = 0;
    process.chdir(before);
    for (const spy of spies) spy.mockRestore();
  }
}

/** Carries every case of a group out, each in a folder of its own. */
export async function runGroup({ cases, command = [], prepare }: ErrorGroup): Promise<ToldCase[]> {
  const place = mkdtempSync(join(tmpdir(), 'vlgraft-errors-'));
  const base = join(place, 'base');
  mkdirSync(base);
  await prepare(base);
  const results: ToldCase[] = [];
  try {
    for (const [index, { title, files = {}, edit, copy, command: own = command }] of cases.entries()) {
      const folder = join(place, String(index));
      cpSync(base, folder, { recursive: true });
      for (const [name, content] of Object.entries(files)) put(folder, name, content);
      if (edit) changeText(folder, edit);
      if (copy) replace(folder, copy);
      const wrote = edit && { wrote: edit[2].replaceAll(/\s+/g, ' ').trim() };
      results.push({ title, ...wrote, ...(await tell(folder, own)) });
    }
    return results;
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
