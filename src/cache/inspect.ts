import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { lmdbFileState } from '../data/lmdbFile.js';
import { InterruptedError } from '../errors.js';
import type { Json } from '../json.js';
import type { OnProgress } from '../progress.js';
import { unwrapEntry } from './entry.js';
import { dataFile, isInUse, lastUse, readDescription, removeSet, setBytes, setFolders } from './setFolder.js';

/** A set of stored values, for a person. */
export interface StoredSet {
  /** Name of its folder. */
  readonly name: string;
  readonly kind: 'values' | 'inputs' | 'unknown';
  readonly backbone: string;
  readonly what: string;
  readonly identity: Readonly<Record<string, Json>>;
  /** 0 where its file can't be read. */
  readonly entries: number;
  readonly bytes: number;
  /** ISO 8601. */
  readonly lastUsed: string;
  readonly inUse: boolean;
}

async function openReadable(folder: string) {
  const file = dataFile(folder);
  if (!existsSync(file) || lmdbFileState(file) !== 'readable') return undefined;
  const { open } = await import('lmdb');
  return open<Buffer, Buffer>({ path: file, noSubdir: true, encoding: 'binary', keyEncoding: 'binary' });
}

async function countEntries(folder: string): Promise<number> {
  const database = await openReadable(folder);
  if (!database) return 0;
  const { entryCount } = database.getStats() as { readonly entryCount: number };
  await database.close();
  return entryCount;
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
      entries: await countEntries(folder),
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
  /** Entries that were torn, or not from here; they are removed. */
  readonly removed: number;
  /** The file itself could not be read; the set was removed. */
  readonly unreadable: boolean;
}

/** How verifying is followed and stopped. */
export interface VerifyOptions {
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
}

const ENTRIES_AT_ONCE = 256;

async function verifySet(folder: string, { onProgress, signal }: VerifyOptions): Promise<Verified> {
  const name = basename(folder);
  const database = await openReadable(folder);
  if (!database) {
    if (!isInUse(folder)) removeSet(folder);
    return { name, entries: 0, removed: 0, unreadable: true };
  }
  try {
    const { entryCount: total } = database.getStats() as { readonly entryCount: number };
    const torn: Buffer[] = [];
    let done = 0;
    for (const { key, value } of database.getRange()) {
      if (!unwrapEntry(key, value)) torn.push(Buffer.from(key));
      done += 1;
      if (done % ENTRIES_AT_ONCE !== 0 && done < total) continue;
      onProgress?.({ stage: name, done, total, unit: 'entry' });
      await setImmediate(); // a signal is heard
      if (signal?.aborted) throw new InterruptedError('interrupted while entries were looked at');
    }
    await Promise.all(torn.map((key) => database.remove(key)));
    return { name, entries: done - torn.length, removed: torn.length, unreadable: false };
  } finally {
    await database.close();
  }
}

/** Looks at every entry of every set; those that are torn are removed, and so are sets that can't be read. */
export async function verifySets(root: string, options: VerifyOptions = {}): Promise<Verified[]> {
  const verified: Verified[] = [];
  for (const folder of setFolders(root)) verified.push(await verifySet(folder, options));
  return verified;
}
