import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Problem, UsageError } from '../base/errors.js';
import { inWords, isJsonObject } from '../base/json.js';
import { fileSource, readPieces } from './byteSource.js';
import { readJsonObject, writeJson } from './jsonFile.js';

/** What the list of a folder's checksums is called. */
export const CHECKSUMS = 'checksums.json';

/** What a file held when it was written. */
export interface Checksum {
  readonly bytes: number;
  /** Of all bytes, hex. */
  readonly sha256: string;
}

/** The checksum of bytes that are in memory. */
export const checksumOf = (content: string | Uint8Array): Checksum => {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
};

/** The checksum of a file; UsageError where it can't be read. */
export function checksumOfFile(path: string): Checksum {
  const source = fileSource(path);
  try {
    const hash = createHash('sha256');
    for (const piece of readPieces(source, 0, source.size)) hash.update(piece);
    return { bytes: source.size, sha256: hash.digest('hex') };
  } finally {
    source.close();
  }
}

/**
 * Writes the checksums of a folder's files beside them.
 * @param names of files that are there
 * @param coming those of files that will be written after the list
 */
export function writeChecksums(
  folder: string,
  names: readonly string[],
  coming: Readonly<Record<string, Checksum>> = {},
): void {
  const there = names.map((name) => [name, checksumOfFile(join(folder, name))] as const);
  writeJson(join(folder, CHECKSUMS), { files: { ...Object.fromEntries(there), ...coming } });
}

const isChecksum = (value: unknown): value is Checksum & { readonly [key: string]: never } =>
  isJsonObject(value) && Number.isSafeInteger(value.bytes) && /^[0-9a-f]{64}$/.test(inWords(value.sha256));

const isName = (name: string): boolean => /^[\w.-]{1,255}$/.test(name) && !name.startsWith('.');

/** The checksums of a folder; undefined where it has none. UsageError where the list itself is damaged. */
function readChecksums(folder: string): ReadonlyMap<string, Checksum> | undefined {
  const file = join(folder, CHECKSUMS);
  if (!existsSync(file)) return undefined;
  const { files } = readJsonObject(file);
  const entries = isJsonObject(files) ? Object.entries(files) : undefined;
  if (!entries?.every(([name, sum]) => isName(name) && isChecksum(sum))) {
    const expected = 'files: {name: {bytes, sha256}}';
    throw new UsageError({ file, message: 'this is not a list of checksums', expected });
  }
  return new Map(entries as unknown as [string, Checksum][]);
}

/** What is wrong with a file that held something else when it was written. */
function damageOf(file: string, { bytes, sha256 }: Checksum): Problem | undefined {
  const status = statSync(file, { throwIfNoEntry: false });
  if (!status?.isFile()) return { file, message: 'no such file' };
  if (status.size !== bytes) {
    return { file, message: `it is damaged: ${status.size} bytes, ${bytes} were written` };
  }
  if (checksumOfFile(file).sha256 === sha256) return undefined;
  return { file, message: 'it is damaged: its bytes are not those that were written' };
}

/**
 * Files of a folder that are missing or other than they were written, by the checksums beside them; none where the
 * folder has no checksums.
 * @param names the files to look at; default: all
 */
export function damagedFiles(folder: string, names?: readonly string[]): Problem[] {
  let sums: ReadonlyMap<string, Checksum> | undefined;
  try {
    sums = readChecksums(folder);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return [...error.problems];
  }
  return [...(sums ?? [])].flatMap(([name, sum]) => {
    if (names && !names.includes(name)) return [];
    return damageOf(join(folder, name), sum) ?? [];
  });
}
