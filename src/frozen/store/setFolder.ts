import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { UsageError } from '../../base/errors.js';
import type { Json } from '../../base/json.js';
import { isJsonObject } from '../../base/json.js';
import { readJsonObject, sortMembers, writeJson } from '../../checkpoints/jsonFile.js';
import { cacheFolder } from '../../engine/install/cacheFolder.js';
import { fileStatus } from '../../system/fileStatus.js';
import { isRunning } from '../../system/lockFile.js';
import { makeFolder } from '../../system/makeFolder.js';
import { systemWords } from '../../system/systemErrors.js';

/** What a set of stored values is. */
export interface SetDescription {
  /** `values` of the backbone, or the `inputs` that it reads. */
  readonly kind: 'values' | 'inputs';
  /** Name of the backbone, for a person. */
  readonly backbone: string;
  /** For a person: `hidden.0`, `pooled`, `sequences`. */
  readonly what: string;
  /** Everything that the contents follow from, besides the keys of the entries. */
  readonly identity: Readonly<Record<string, Json>>;
}

const DESCRIPTION = 'set.json';
const USED = 'used';
const FORMAT_VERSION = 3;

/** Where stored values lie: in the user's cache folder, or in the folder that a recipe names. */
export const storeFolder = (folder?: string): string => folder ?? join(cacheFolder(), 'backbone-values');

/** The folder of a set, named after what it holds. */
export function setFolder(root: string, { kind, identity }: SetDescription): string {
  const text = JSON.stringify(sortMembers({ kind, formatVersion: FORMAT_VERSION, identity }));
  return join(root, createHash('sha256').update(text).digest('hex').slice(0, 20));
}

/** A folder of stored values that can't be made or written; a run goes on without. */
export class UnwritableCache extends Error {}

/** Errors of a file or folder that the user named wrongly, rather than of a disk that is full or read-only. */
const WRONG_PLACE = new Set(['ENOTDIR', 'EEXIST', 'ENAMETOOLONG']);

/** Throws UsageError where `root` can be no folder, UnwritableCache where the disk does not let it be written. */
function refuseFolder(root: string, error: unknown): never {
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  const message = `it can not be written (${systemWords(error)?.message ?? code})`;
  if (WRONG_PLACE.has(code))
    throw new UsageError({ file: root, message, expected: 'choose another cache.folder' });
  throw new UnwritableCache(`${root}: ${message}`);
}

/** A set's folder, made ready. */
export interface MadeSet {
  readonly folder: string;
  /** Its description, where that was damaged; it is written anew. */
  readonly damaged?: string;
}

/**
 * Makes the folder where it is not there, and its description where that is missing or damaged. Throws UsageError or
 * UnwritableCache where it can't be made.
 */
export function makeSetFolder(root: string, description: SetDescription): MadeSet {
  const folder = setFolder(root, description);
  const file = join(folder, DESCRIPTION);
  try {
    makeFolder(folder);
    const isThere = existsSync(file);
    if (isThere && isDeepStrictEqual(readDescription(folder), written(description))) return { folder };
    if (isThere) orNothing(() => writeJson(file, written(description)));
    else writeJson(file, written(description));
    return { folder, ...(isThere && { damaged: file }) };
  } catch (error) {
    return refuseFolder(root, error);
  }
}

const written = (description: SetDescription) => ({ formatVersion: FORMAT_VERSION, ...description });

/** The description of a set; undefined for a folder that is none. */
export function readDescription(folder: string): SetDescription | undefined {
  try {
    const read = readJsonObject(join(folder, DESCRIPTION)) as unknown;
    return isJsonObject(read) && typeof read.kind === 'string'
      ? (read as unknown as SetDescription)
      : undefined;
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

/** The folders of all sets. */
export function setFolders(root: string): string[] {
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((name) => /^[0-9a-f]{20}$/.test(name))
    .map((name) => join(root, name));
}

const userFile = (folder: string): string => join(folder, `user-${hostname()}-${process.pid}`);

/** Does what helps others but need not succeed: on a disk that is full or read-only, values can still be read. */
function orNothing(work: () => void): void {
  try {
    work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

/** Notes that this process uses the set from now on; returns how to end that. */
export function useSet(folder: string): () => void {
  orNothing(() => writeFileSync(join(folder, USED), ''));
  orNothing(() => writeFileSync(userFile(folder), ''));
  return () => orNothing(() => rmSync(userFile(folder), { force: true }));
}

/** Notes that the set is of use now. */
export function touchSet(folder: string): void {
  const now = new Date();
  orNothing(() => utimesSync(join(folder, USED), now, now));
}

/** When it was last used, milliseconds since 1970. */
export const lastUse = (folder: string): number =>
  fileStatus(join(folder, USED))?.mtimeMs ?? fileStatus(folder)?.mtimeMs ?? 0;

const OTHER_HOST_MILLISECONDS = 86_400_000;

/** Whether a process uses it; what a killed one left is removed, another machine's counts for a day. */
export function isInUse(folder: string): boolean {
  const here = `user-${hostname()}-`;
  const users = existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('user-')) : [];
  return users.some((name) => {
    const file = join(folder, name);
    const time = fileStatus(file)?.mtimeMs ?? 0;
    const lives = name.startsWith(here)
      ? isRunning({ pid: Number(name.slice(here.length)), host: hostname() }) !== false
      : Date.now() - time < OTHER_HOST_MILLISECONDS;
    if (!lives) rmSync(file, { force: true });
    return lives;
  });
}

/** Removes a set: at once for those who look for it, and for those who read it when they have done. */
export function removeSet(folder: string): void {
  const aside = join(dirname(folder), `removed-${basename(folder)}-${randomUUID()}`);
  try {
    renameSync(folder, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  rmSync(aside, { recursive: true, force: true });
}

/** Bytes that it takes on disk. */
export const setBytes = (folder: string): number =>
  existsSync(folder)
    ? readdirSync(folder).reduce((sum, name) => sum + (fileStatus(join(folder, name))?.size ?? 0), 0)
    : 0;
