import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Json } from '../../base/json.js';
import type { OnProgress } from '../../base/progress.js';
import { stopIfAsked } from '../../system/stopIfAsked.js';
import { checksumOf } from './indexRecord.js';
import { removeSegment, segmentNames } from './segment.js';
import { nameOf, openSegments } from './segments.js';
import { isInUse, lastUse, readDescription, removeSet, setBytes, setFolders } from './setFolder.js';

/** A set of stored values, for a person. */
export interface StoredSet {
  /** Name of its folder. */
  readonly name: string;
  readonly kind: 'values' | 'inputs' | 'unknown';
  readonly backbone: string;
  readonly what: string;
  readonly identity: Readonly<Record<string, Json>>;
  /** 0 where its files can't be read. */
  readonly entries: number;
  readonly bytes: number;
  /** ISO 8601. */
  readonly lastUsed: string;
  readonly inUse: boolean;
}

/** Whether an older version of this program made it, in files that are not read any more. */
const isOutdated = (folder: string): boolean => existsSync(join(folder, 'data.mdb'));

function countEntries(folder: string): number {
  const segments = openSegments(folder);
  segments.close();
  return segments.located.size;
}

/** Every set of a folder, the last used first. */
export async function listSets(root: string): Promise<StoredSet[]> {
  const sets: StoredSet[] = [];
  for (const folder of setFolders(root).sort((a, b) => lastUse(b) - lastUse(a))) {
    const { kind = 'unknown', backbone = '', what = '', identity = {} } = readDescription(folder) ?? {};
    sets.push({
      name: basename(folder),
      kind,
      backbone,
      what,
      identity,
      entries: countEntries(folder),
      bytes: setBytes(folder),
      lastUsed: new Date(lastUse(folder)).toISOString(),
      inUse: isInUse(folder),
    });
  }
  return sets;
}

/** What looking at every entry of a set found. */
export interface Verified {
  readonly name: string;
  readonly entries: number;
  /** Entries that were torn, and those that were computed together with one; they are removed. */
  readonly removed: number;
  /** Its files are of another format; the set was removed. */
  readonly unreadable: boolean;
}

/** How verifying is followed and stopped. */
export interface VerifyOptions {
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

const ENTRIES_AT_ONCE = 256;

/** Removes segments without an entry, where nobody may be writing them. */
function removeEmpty(folder: string, used: ReadonlySet<unknown>, names: readonly string[]): void {
  if (used.size === 0 && !isInUse(folder)) for (const name of names) removeSegment(folder, name);
}

async function verifySet(folder: string, { onProgress, signal }: VerifyOptions): Promise<Verified> {
  const name = basename(folder);
  if (isOutdated(folder)) {
    if (!isInUse(folder)) removeSet(folder);
    return { name, entries: 0, removed: 0, unreadable: true };
  }
  const segments = openSegments(folder);
  try {
    const all = [...segments.located.values()];
    let [done, removed] = [0, 0];
    for (const entry of all) {
      const value = Buffer.alloc(entry.bytes);
      const isThere = segments.located.has(nameOf(entry.key));
      const isWhole = entry.segment.read(entry, value) && checksumOf(entry.key, [value]) === entry.checksum;
      if (isThere && !isWhole) removed += segments.drop(entry);
      done += 1;
      if (done % ENTRIES_AT_ONCE !== 0 && done < all.length) continue;
      onProgress?.({ stage: name, done, total: all.length, unit: 'entry' });
      await stopIfAsked(signal, 'while entries were looked at');
    }
    removeEmpty(folder, new Set(segments.located.keys()), segmentNames(folder));
    return { name, entries: segments.located.size, removed, unreadable: false };
  } finally {
    segments.close();
  }
}

/** Looks at every entry of every set; those that are torn are removed, and so are sets that can't be read. */
export async function verifySets(root: string, options: VerifyOptions = {}): Promise<Verified[]> {
  const verified: Verified[] = [];
  for (const folder of setFolders(root)) verified.push(await verifySet(folder, options));
  return verified;
}
