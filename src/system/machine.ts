import { existsSync, statfsSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { dirname, resolve } from 'node:path';

/** Bytes of memory that this process may have: the machine's, or less where its group has a limit. */
export function memoryLimit(): number {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** Bytes of memory that nothing uses now, within the limit of this process. */
export const memoryFree = (): number => Math.min(freemem(), memoryLimit());

/** The folder itself, or the nearest one above it that is there. */
function existing(folder: string): string {
  const path = resolve(folder);
  return existsSync(path) || dirname(path) === path ? path : existing(dirname(path));
}

/** Bytes that may still be written to the disk of a folder, there or not yet; undefined where the system does not say. */
export function diskFree(folder: string): number | undefined {
  try {
    const { bavail, bsize } = statfsSync(existing(folder));
    return bavail * bsize;
  } catch {
    return undefined;
  }
}
