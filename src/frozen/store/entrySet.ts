import { totalmem } from 'node:os';
import { systemWords } from '../../system/systemErrors.js';
import { checksumOf } from './indexRecord.js';
import { createMemoryEntries } from './memoryEntries.js';
import { createSegment, type Entry, type SegmentWriter } from './segment.js';
import { type Located, nameOf, openSegments } from './segments.js';
import {
  type MadeSet,
  makeSetFolder,
  type SetDescription,
  setBytes,
  setFolder,
  touchSet,
  UnwritableCache,
  useSet,
} from './setFolder.js';

/** Entries of one kind: several processes may read and write them at once. */
export interface EntrySet {
  readonly folder: string;
  /** Paths of files that were found damaged so far; what they lack is not there, and can be written anew. */
  readonly damaged: ReadonlySet<string>;
  /** Why nothing can be written any more, for a person; what is written then is kept in memory for a while. */
  readonly failure: string | undefined;
  /** Whether there is an entry, which may be torn unless it was prefetched. */
  has(key: Buffer): boolean;
  /**
   * What `use` makes of the payload, which is only there while it runs; undefined where there is none, or a torn one.
   * The checksum is looked at each time.
   */
  read<T>(key: Buffer, use: (payload: Uint8Array) => T): T | undefined;
  /** Brings entries into memory, off the event loop, and leaves those out that are torn. */
  prefetch(keys: readonly Buffer[]): Promise<void>;
  /** Stores entries, as computed together; resolves when every process sees them. */
  write(entries: readonly Entry[]): Promise<void>;
  /** Writes no more to disk, for that reason. */
  keepInMemory(reason: string): void;
  close(): Promise<void>;
}

/** Share of the machine's memory from which on a file is not expected to stay in it. */
const MEMORY_SHARE = 0.5;
/** Entries that are read at once. */
const READ_AT_ONCE = 16;
/** Time between two looks at what other processes have written, milliseconds. */
const LOOK_EVERY = 1000;

/** The set's folder; where the disk does not let it be made, the reason. Throws UsageError for a root that is no folder. */
function makeReady(root: string, description: SetDescription): MadeSet & { readonly failure?: string } {
  try {
    return makeSetFolder(root, description);
  } catch (error) {
    if (!(error instanceof UnwritableCache)) throw error;
    return { folder: setFolder(root, description), failure: error.message };
  }
}

/** Opens a set, made where it is not there; in memory where it can't be made. Throws UsageError for a root that is no folder. */
export async function openEntrySet(root: string, description: SetDescription): Promise<EntrySet> {
  const made = makeReady(root, description);
  const { folder } = made;
  const release = useSet(folder);
  const segments = openSegments(folder);
  const memory = createMemoryEntries();
  const checked = new Set<string>();
  const isLarge = setBytes(folder) > MEMORY_SHARE * totalmem();
  let scratch = Buffer.alloc(0);
  let writer: SegmentWriter | undefined;
  let last: Promise<void> = Promise.resolve();
  let looked = performance.now();
  let failure: string | undefined = made.failure;

  const find = (name: string): Located | undefined => {
    const known = segments.located.get(name);
    if (known || performance.now() - looked < LOOK_EVERY) return known;
    segments.refresh();
    looked = performance.now();
    return segments.located.get(name);
  };
  const isWhole = (entry: Located, value: Uint8Array, wasRead: boolean): boolean => {
    const name = nameOf(entry.key);
    if (wasRead && checksumOf(entry.key, [value]) === entry.checksum) {
      checked.add(name);
      return true;
    }
    for (const mate of entry.mates) checked.delete(mate);
    segments.drop(entry);
    return false;
  };
  const append = async (entries: readonly Entry[]): Promise<void> => {
    if (failure !== undefined) return memory.add(entries);
    try {
      writer ??= await createSegment(folder);
      await writer.append(entries);
      segments.refresh();
      for (const { key } of entries) if (segments.located.has(nameOf(key))) checked.add(nameOf(key));
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      const { message: words = message } = systemWords(Object.assign(error as object, { path: root })) ?? {};
      failure = `${root}: it can not be written (${words})`;
      memory.add(entries);
    }
  };

  return {
    folder,
    get damaged() {
      return new Set([...(made.damaged === undefined ? [] : [made.damaged]), ...segments.damaged]);
    },
    get failure() {
      return failure;
    },
    has: (key) => memory.has(nameOf(key)) || find(nameOf(key)) !== undefined,
    read: (key, use) => {
      const held = memory.get(nameOf(key));
      if (held) return use(held);
      const entry = find(nameOf(key));
      if (!entry) return undefined;
      if (scratch.length < entry.bytes) scratch = Buffer.alloc(entry.bytes);
      const value = scratch.subarray(0, entry.bytes);
      return isWhole(entry, value, entry.segment.read(entry, value)) ? use(value) : undefined;
    },
    prefetch: async (keys) => {
      // What was read lately is in memory, unless the file is larger than that.
      const cold = isLarge ? keys : keys.filter((key) => !checked.has(nameOf(key)));
      const found = cold.flatMap((key) => segments.located.get(nameOf(key)) ?? []);
      for (let at = 0; at < found.length; at += READ_AT_ONCE) {
        const read = found.slice(at, at + READ_AT_ONCE).map(async (entry) => {
          const value = Buffer.alloc(entry.bytes);
          const wasRead = await entry.segment.readAway(entry, value);
          if (segments.located.get(nameOf(entry.key)) === entry) isWhole(entry, value, wasRead);
        });
        await Promise.all(read);
      }
    },
    write: (entries) => {
      const written = last.then(() => append(entries));
      last = written.catch(() => {});
      return written;
    },
    keepInMemory: (reason) => {
      failure ??= reason;
    },
    close: async () => {
      await last;
      touchSet(folder);
      release();
      await writer?.close().catch(() => {});
      segments.close();
    },
  };
}
