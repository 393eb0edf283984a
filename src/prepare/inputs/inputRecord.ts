import { existsSync, readFileSync, statSync } from 'node:fs';
import { UsageError } from '../../base/errors.js';
import { isJsonObject } from '../../base/json.js';
import { writeFileAtomically } from '../../checkpoints/atomicFile.js';

const FORMAT_VERSION = 1;

/** What is known of one file; a line of inputs.jsonl. */
export interface InputEntry {
  readonly key: string;
  readonly name: string;
  /** Absent where there was no such file. */
  readonly bytes?: number;
  /** Milliseconds since 1970. */
  readonly modified?: number;
  /** As `contentHash` gives it; absent where the run was stopped before it was read. */
  readonly hash?: string;
}

/** Size and time of a file; empty where there is none. */
export function stampOf(path: string): Pick<InputEntry, 'bytes' | 'modified'> {
  const status = statSync(path, { throwIfNoEntry: false });
  return status?.isFile() ? { bytes: status.size, modified: status.mtimeMs } : {};
}

const isEntry = (value: unknown): value is InputEntry & { readonly [key: string]: never } =>
  isJsonObject(value) &&
  typeof value.key === 'string' &&
  typeof value.name === 'string' &&
  ['bytes', 'modified'].every((name) => value[name] === undefined || Number.isFinite(value[name])) &&
  (value.hash === undefined || typeof value.hash === 'string');

function parse(path: string, text: string, line: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return damaged(path, line);
  }
}

function damaged(file: string, line: number): never {
  const expected = 'the file as it was; without it the run is resumed, whether its data changed or not';
  throw new UsageError({ file, line, message: 'it is cut or damaged', expected });
}

/** Reads inputs.jsonl; undefined where there is none, UsageError where it is cut or damaged. */
export function readInputRecord(path: string): InputEntry[] | undefined {
  if (!existsSync(path)) return undefined;
  const lines = readFileSync(path, 'utf8').split('\n');
  const head = parse(path, lines[0] ?? '', 1);
  if (!isJsonObject(head) || head.formatVersion !== FORMAT_VERSION || lines.at(-1) !== '') damaged(path, 1);
  const entries = lines.slice(1, -1).map((text, index) => {
    const value = parse(path, text, index + 2);
    return isEntry(value) ? value : damaged(path, index + 2);
  });
  return entries.length === head.files ? entries : damaged(path, lines.length);
}

/** Writes inputs.jsonl: how many files there are, then a line for each. */
export function writeInputRecord(path: string, entries: readonly InputEntry[]): void {
  const head = { formatVersion: FORMAT_VERSION, files: entries.length };
  writeFileAtomically(path, [head, ...entries].map((value) => `${JSON.stringify(value)}\n`).join(''));
}
