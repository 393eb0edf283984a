import { accessSync, constants, existsSync, readdirSync, rmdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { UsageError } from '../base/errors.js';
import { type Lock, type LockHolder, takeLock } from '../system/lockFile.js';
import { makeFolder } from '../system/makeFolder.js';
import { aboutFile, isDiskFull, systemWords } from '../system/systemErrors.js';

/** What the lock of a folder is called. */
export const LOCK = '.lock';

function describe({ pid, host }: LockHolder): string {
  if (host === '') return 'another process';
  if (pid === process.pid && host === hostname()) return 'this process';
  return `process ${pid}${host === hostname() ? '' : ` on ${host}`}`;
}

/** Throws UsageError with what the system said no to; a disk that is full is no wrong usage. */
function refuse(path: string, error: unknown): never {
  if (isDiskFull(error)) throw aboutFile(error, path);
  const { code } = error as NodeJS.ErrnoException;
  const isFile = code === 'EEXIST' || code === 'ENOTDIR';
  const { message: words = 'this folder can not be written' } = systemWords(error) ?? {};
  const message = isFile ? 'there is a file in the way' : words;
  throw new UsageError({ file: path, message, expected: 'choose another output' });
}

/** Makes a folder where there is none; throws UsageError where it can't be written. */
export function requireWritable(path: string): void {
  try {
    makeFolder(path);
    accessSync(path, constants.W_OK);
  } catch (error) {
    refuse(path, error);
  }
}

function lockOf(path: string): Lock | LockHolder {
  try {
    return takeLock(join(path, LOCK));
  } catch (error) {
    return refuse(path, error);
  }
}

function lockFolder(path: string): Lock {
  const lock = lockOf(path);
  if ('release' in lock) return lock;
  throw new UsageError({
    file: path,
    message: `${describe(lock)} is writing this folder`,
    expected: 'wait until it ends, or choose another output',
  });
}

/** Whether a living process writes a folder. */
function isLocked(path: string): boolean {
  if (!existsSync(join(path, LOCK))) return false;
  const lock = lockOf(path);
  if (!('release' in lock)) return true;
  lock.release();
  return false;
}

/** Milliseconds in which a process that was told to stop ends, on a busy machine too. */
const ENDS_WITHIN = 30_000;

/** Waits for a process that is about to stop writing a folder; one that goes on for long is not waited for. */
export async function untilUnlocked(path: string, signal?: AbortSignal): Promise<void> {
  const end = Date.now() + ENDS_WITHIN;
  while (isLocked(path) && Date.now() < end && !signal?.aborted) await wait(50);
}

/** Removes a folder that nothing was written to. */
function removeEmpty(path: string): void {
  if (existsSync(path) && readdirSync(path).length === 0) rmdirSync(path);
}

/**
 * Makes a folder where there is none, and does work while no other process writes it. The lock that a process left when
 * it died is taken over. Throws UsageError where the folder can't be written, and where another process writes it.
 * @param check throws where the folder may not be used: before anything in it is touched, and once more when no other
 * process can change it
 */
export async function withFolderLocked<T>(
  path: string,
  work: () => Promise<T>,
  check: () => void = () => {},
): Promise<T> {
  const isNew = !existsSync(path);
  check();
  requireWritable(path);
  const lock = lockFolder(path);
  try {
    check();
    return await work();
  } finally {
    lock.release();
    if (isNew) removeEmpty(path);
  }
}
