import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { takeLock } from './lockFile.js';

/** A folder that is gone at the latest when this process ends; where it is killed, when the next one is made. */
export interface TemporaryFolder {
  readonly path: string;
  remove(): void;
}

/** Names its process, so that others can tell whether it lives. */
const LOCK = '.lock';

/** Whether a path is a folder of the user that this process runs as, and no link. */
function isOwn(path: string): boolean {
  const status = lstatSync(path);
  return status.isDirectory() && (process.getuid === undefined || status.uid === process.getuid());
}

/** Removes a folder whose process was killed; others stay. */
function removeIfLeft(path: string): void {
  try {
    if (!isOwn(path) || !readdirSync(path).includes(LOCK)) return;
    const lock = takeLock(join(path, LOCK));
    if (!('release' in lock)) return;
    rmSync(path, { recursive: true, force: true });
    lock.release();
  } catch {
    // Its process, or another one that looks, removes it.
  }
}

/** Takes the lock of a new folder, which goes where that fails, as on a full disk. */
function lockOf(path: string) {
  try {
    return takeLock(join(path, LOCK));
  } catch (error) {
    rmSync(path, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Makes an empty folder but for its lock, and removes those of the same name that killed processes left.
 * @param name what it is called, before a hyphen and random characters
 */
export function makeTemporaryFolder(name: string, parent = tmpdir()): TemporaryFolder {
  for (const other of readdirSync(parent)) {
    const [start, end] = [other.slice(0, name.length + 1), other.slice(name.length + 1)];
    if (start === `${name}-` && /^[A-Za-z0-9]{6}$/.test(end)) removeIfLeft(join(parent, other));
  }
  const path = mkdtempSync(join(parent, `${name}-`));
  const lock = lockOf(path);
  const remove = () => {
    process.off('exit', remove);
    if ('release' in lock) lock.release();
    rmSync(path, { recursive: true, force: true });
  };
  process.on('exit', remove);
  return { path, remove };
}
