import { randomUUID } from 'node:crypto';
import {
  appendFileSync,
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { aboutFile } from '../system/systemErrors.js';

/** What a file is called while it is written. */
const temporaryName = (path: string): string => `${path}.${randomUUID()}.tmp`;

const TEMPORARY = /^(.+)\.[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\.tmp$/;

/** Whether this is what a file was called while it was written, for a file that is one of `isTarget`. */
export function isTemporaryOf(name: string, isTarget: (name: string) => boolean): boolean {
  const target = TEMPORARY.exec(name)?.[1];
  return target !== undefined && isTarget(target);
}

/** Milliseconds after which no process that lives is taken to write a temporary file any more. */
const ABANDONED_MILLISECONDS = 24 * 3600 * 1000;

/** Removes what writings of this file left that were cut short; younger ones than a day may still be written. */
export function removeAbandoned(path: string): void {
  const folder = dirname(path);
  for (const name of readdirSync(folder)) {
    if (!isTemporaryOf(name, (target) => target === basename(path))) continue;
    const { mtimeMs = Number.POSITIVE_INFINITY } =
      statSync(join(folder, name), { throwIfNoEntry: false }) ?? {};
    if (Date.now() - mtimeMs > ABANDONED_MILLISECONDS) rmSync(join(folder, name), { force: true });
  }
}

/** Does work with a file; an error of the system names it, not what it is called meanwhile. */
function naming<T>(path: string, temporary: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw aboutFile(error, path, temporary);
  }
}

/** Adds to the end of a file, which is made where there is none. */
export const appendToFile = (path: string, content: string | Uint8Array): void =>
  naming(path, path, () => appendFileSync(path, content));

function writeFully(handle: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(handle, bytes, done, Math.min(bytes.length - done, 1 << 30));
  }
}

function writeAndSync(path: string, pieces: Iterable<Uint8Array>): void {
  const handle = openSync(path, 'wx');
  try {
    for (const piece of pieces) writeFully(handle, piece);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Makes a rename last through a power cut; Windows can't open folders and doesn't need it. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** A file that grows beside the place where it will appear. */
export interface GrowingFile {
  write(text: string): void;
  /** Lets it appear, in place of what is there. */
  finish(): void;
  /** Removes what was written; nothing appears. */
  discard(): void;
}

/** Opens a file that is there in full or not at all, to be written piece by piece. */
export function openGrowingFile(path: string): GrowingFile {
  const temporary = temporaryName(path);
  const handle = naming(path, temporary, () => openSync(temporary, 'wx'));
  const finish = () => {
    fsyncSync(handle);
    closeSync(handle);
    renameSync(temporary, path);
    syncFolder(dirname(path));
  };
  return {
    write: (text) => naming(path, temporary, () => writeFully(handle, Buffer.from(text))),
    finish: () => naming(path, temporary, finish),
    discard: () => {
      closeSync(handle);
      rmSync(temporary, { force: true });
    },
  };
}

/** Writes a file that is there in full or not at all: a file beside it, synced to disk, renamed onto `path`. */
export function writeFileAtomically(path: string, content: string | Iterable<Uint8Array>): void {
  const temporary = temporaryName(path);
  try {
    writeAndSync(temporary, typeof content === 'string' ? [Buffer.from(content)] : content);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw aboutFile(error, path, temporary);
  }
  syncFolder(dirname(path));
}
