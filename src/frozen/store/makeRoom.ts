import { basename } from 'node:path';
import { diskFree } from '../../system/machine.js';
import { isInUse, lastUse, removeSet, setBytes, setFolders } from './setFolder.js';

/** Share of what is free, or taken by the cache, that it may take unless a recipe says another limit. */
const SHARE = 0.25;

const totalBytes = (root: string): number =>
  setFolders(root).reduce((sum, folder) => sum + setBytes(folder), 0);

/** Bytes that the sets of a folder could take on its disk. */
export const reachableBytes = (root: string): number => (diskFree(root) ?? 0) + totalBytes(root);

/** Bytes that they may take together where a recipe does not say. */
export const usualLimit = (root: string): number => Math.floor(SHARE * reachableBytes(root));

/** What came of making room. */
export interface Room {
  /** Whether there is room now. */
  readonly enough: boolean;
  /** Names of the sets that were removed. */
  readonly removed: readonly string[];
}

/**
 * Removes the sets that were unused for longest until there is room for `needed` bytes more, and only where that is
 * enough. Sets that a process uses stay.
 * @param kept folders that stay as well
 */
export function makeRoom(root: string, limit: number, needed: number, kept: ReadonlySet<string>): Room {
  const others = setFolders(root)
    .filter((folder) => !kept.has(folder) && !isInUse(folder))
    .map((folder) => ({ folder, bytes: setBytes(folder), used: lastUse(folder) }))
    .sort((a, b) => a.used - b.used);
  let excess = totalBytes(root) + needed - limit;
  const removable = others.reduce((sum, { bytes }) => sum + bytes, 0);
  if (excess > removable) return { enough: false, removed: [] };
  const removed: string[] = [];
  for (const { folder, bytes } of others) {
    if (excess <= 0) break;
    removeSet(folder);
    removed.push(basename(folder));
    excess -= bytes;
  }
  return { enough: true, removed };
}
