import { existsSync } from 'node:fs';
import { totalmem } from 'node:os';
import type { RootDatabase } from 'lmdb';
import { lmdbFileState } from '../data/lmdbFile.js';
import { unwrapEntry, wrapEntry } from './entry.js';
import {
  dataFile,
  makeSetFolder,
  removeSet,
  type SetDescription,
  setBytes,
  touchSet,
  useSet,
} from './setFolder.js';

/** What is stored under one key. */
interface Entry {
  readonly key: Buffer;
  /** The payload, in pieces. */
  readonly pieces: readonly Uint8Array[];
}

/** Entries of one kind: several processes may read and write them at once. */
export interface EntrySet {
  readonly folder: string;
  /** Whether there is an entry, which may be torn. */
  has(key: Buffer): boolean;
  /**
   * What `use` makes of the payload, which is only there while it runs; undefined where there is none, or a torn or
   * foreign one. The checksum is looked at when an entry is first read.
   */
  read<T>(key: Buffer, use: (payload: Uint8Array) => T): T | undefined;
  /** Brings entries into memory, off the event loop. */
  prefetch(keys: readonly Buffer[]): Promise<void>;
  /** Stores entries; resolves when every process sees them. */
  write(entries: readonly Entry[]): Promise<void>;
  close(): Promise<void>;
}

/** Share of the machine's memory from which on a file is not expected to stay in it. */
const MEMORY_SHARE = 0.5;

type Database = RootDatabase<Buffer, Buffer>;

const nameOf = (key: Buffer): string => key.toString('latin1');

/** The database in a folder; what can't be read there is removed and made anew. */
async function openDatabase(
  root: string,
  description: SetDescription,
): Promise<{ folder: string; database: Database }> {
  let folder = makeSetFolder(root, description);
  const file = dataFile(folder);
  if (existsSync(file) && lmdbFileState(file) !== 'readable') {
    removeSet(folder);
    folder = makeSetFolder(root, description);
  }
  const { open } = await import('lmdb');
  const database = open<Buffer, Buffer>({
    path: file,
    noSubdir: true,
    encoding: 'binary',
    keyEncoding: 'binary',
  });
  return { folder, database };
}

/** Opens a set, made where it is not there. */
export async function openEntrySet(root: string, description: SetDescription): Promise<EntrySet> {
  const { folder, database } = await openDatabase(root, description);
  const release = useSet(folder);
  /** Keys that were there when the set was opened, and those written since. */
  const known = new Set<string>();
  for (const key of database.getKeys()) known.add(nameOf(key));
  const checked = new Set<string>();
  const isLarge = setBytes(folder) > MEMORY_SHARE * totalmem();
  const sizeOf = database as unknown as { readonly lastSize: number };

  return {
    folder,
    has: (key) => {
      const name = nameOf(key);
      if (known.has(name)) return true;
      // Another process may have written it meanwhile.
      if (!database.doesExist(key)) return false;
      known.add(name);
      return true;
    },
    read: (key, use) => {
      const found = database.getBinaryFast(key);
      if (!found) return undefined;
      const name = nameOf(key);
      const entry = new Uint8Array(found.buffer, found.byteOffset, sizeOf.lastSize);
      const payload = unwrapEntry(key, entry, checked.has(name));
      if (!payload) {
        known.delete(name);
        return undefined;
      }
      checked.add(name);
      return use(payload);
    },
    prefetch: async (keys) => {
      // What was read lately is in memory, unless the file is larger than that.
      const cold = isLarge ? keys : keys.filter((key) => !checked.has(nameOf(key)));
      if (cold.length > 0) await database.prefetch([...cold]);
    },
    write: async (entries) => {
      const written = entries.map(({ key, pieces }) => database.put(key, wrapEntry(key, pieces)));
      await Promise.all(written);
      for (const { key } of entries) known.add(nameOf(key));
    },
    close: async () => {
      touchSet(folder);
      release();
      await database.close();
    },
  };
}
