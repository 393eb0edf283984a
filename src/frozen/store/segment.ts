import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { addAll } from '../../base/lists.js';
import { isRunning } from '../../system/lockFile.js';
import {
  checksumOf,
  decodeRecord,
  encodeRecord,
  erasedRecord,
  type IndexRecord,
  isErased,
  RECORD_BYTES,
} from './indexRecord.js';

/** What is stored under one key. */
export interface Entry {
  readonly key: Buffer;
  /** The value, in pieces. */
  readonly pieces: readonly Uint8Array[];
}

/** A record, and where it lies in its index. */
export interface PlacedRecord extends IndexRecord {
  readonly position: number;
}

/** Two files that one process appends to and others read: values end to end, and an index of them. */
export interface SegmentReader {
  /** Records that came since the last call, of those pieces alone that are there with every entry. */
  newRecords(): PlacedRecord[];
  /** Fills `target` with the value; false where it can't be read. */
  read(record: Pick<IndexRecord, 'offset'>, target: Uint8Array): boolean;
  /** The same off the event loop. */
  readAway(record: Pick<IndexRecord, 'offset'>, target: Uint8Array): Promise<boolean>;
  /** Takes records out of the index. */
  erase(positions: readonly number[]): void;
  /** Notes that a value is not what was written. */
  blameValues(): void;
  /** Paths of its files that were found damaged so far. */
  readonly damaged: ReadonlySet<string>;
  close(): void;
}

const INDEX = '.index';
const VALUES = '.values';

/** Names of a set's segments, in order: also of those that lack a file. */
export const segmentNames = (folder: string): string[] => {
  const ends = [INDEX, VALUES];
  const names = readdirSync(folder).flatMap((name) =>
    ends.filter((end) => name.endsWith(end)).map((end) => name.slice(0, -end.length)),
  );
  return [...new Set(names)].sort();
};

/**
 * The file of a segment that is not there though the other one holds something; undefined where both are there, or a
 * process is about to make it.
 */
export function missingFile(folder: string, name: string): string | undefined {
  const [index, values] = [join(folder, name + INDEX), join(folder, name + VALUES)];
  const holds = (path: string) => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0;
  if (holds(values) && !existsSync(index)) return index;
  return holds(index) && !existsSync(values) ? values : undefined;
}

/** Removes both files. */
export function removeSegment(folder: string, name: string): void {
  for (const end of [INDEX, VALUES]) rmSync(join(folder, name + end), { force: true });
}

const ERASED = erasedRecord();

/** Takes records out in their places; where that is not possible, their checksums are found wrong again. */
function eraseRecords(file: string, positions: readonly number[]): void {
  try {
    const handle = openSync(file, 'r+');
    try {
      for (const position of positions) writeSync(handle, ERASED, 0, RECORD_BYTES, position);
    } finally {
      closeSync(handle);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
  }
}

/** Whether the process that wrote a segment is known to be gone. */
function hasEnded(name: string): boolean {
  const [, host, pid] = /^(.*)-(\d+)-[0-9a-f]{8}$/.exec(name) ?? [];
  return host === hostname() && isRunning({ pid: Number(pid), host }) === false;
}

/** What lies in an open file from `position` on; nothing where it can't be read (a bad sector, a folder). */
function readRest(handle: number, position: number): Buffer {
  const rest = Buffer.alloc(Math.max(0, fstatSync(handle).size - position));
  try {
    const count = rest.length > 0 ? readSync(handle, rest, 0, rest.length, position) : 0;
    return rest.subarray(0, count);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return Buffer.alloc(0);
  }
}

/** Opens a segment; throws the system's error where a file of it is missing. */
export function openSegment(folder: string, name: string): SegmentReader {
  const index = openSync(join(folder, name + INDEX), 'r');
  let values: number;
  try {
    values = openSync(join(folder, name + VALUES), 'r');
  } catch (error) {
    closeSync(index);
    throw error;
  }
  let known = 0;
  const pieces = new Map<number, PlacedRecord[]>();
  const damaged = new Set<string>();
  const blameIndex = (positions: readonly number[]): void => {
    if (positions.length === 0) return;
    damaged.add(join(folder, name + INDEX));
    eraseRecords(join(folder, name + INDEX), positions); // so that it is told once
  };
  /** What a writer that has ended left in parts is not completed any more. */
  const giveUpParts = (): void => {
    blameIndex([...pieces.values()].flat().map(({ position }) => position));
    pieces.clear();
  };
  const readWith = (done: number, target: Uint8Array): boolean => done === target.length;
  return {
    newRecords: () => {
      const isFirst = known === 0;
      const bytes = readRest(index, known);
      const { size } = fstatSync(values);
      const found: PlacedRecord[] = [];
      const torn: number[] = [];
      for (let at = 0; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
        const record = decodeRecord(bytes.subarray(at, at + RECORD_BYTES));
        if (!record) {
          if (!isErased(bytes.subarray(at, at + RECORD_BYTES))) torn.push(known + at);
          continue;
        }
        if (record.offset + record.bytes > size) {
          damaged.add(join(folder, name + VALUES));
          eraseRecords(join(folder, name + INDEX), [known + at]);
          continue;
        }
        const piece = pieces.get(record.piece) ?? [];
        pieces.set(record.piece, piece);
        piece.push({ ...record, position: known + at });
        if (piece.length < record.mates) continue;
        addAll(found, piece);
        pieces.delete(record.piece);
      }
      known += bytes.length - (bytes.length % RECORD_BYTES);
      blameIndex(torn);
      if (isFirst && hasEnded(name)) giveUpParts();
      return found;
    },
    read: ({ offset }, target) => {
      try {
        return readWith(readSync(values, target, 0, target.length, offset), target);
      } catch {
        return false; // a bad sector
      }
    },
    readAway: async ({ offset }, target) => {
      let handle: FileHandle | undefined;
      try {
        handle = await open(join(folder, name + VALUES), 'r');
        return readWith((await handle.read(target, 0, target.length, offset)).bytesRead, target);
      } catch {
        return false;
      } finally {
        await handle?.close();
      }
    },
    erase: (positions) => eraseRecords(join(folder, name + INDEX), positions),
    blameValues: () => damaged.add(join(folder, name + VALUES)),
    damaged,
    close: () => {
      closeSync(index);
      closeSync(values);
    },
  };
}

/** Appends to a segment of this process alone. */
export interface SegmentWriter {
  readonly name: string;
  /** Values first, then their records in one call, so that what a killed process leaves is whole or not there. */
  append(entries: readonly Entry[]): Promise<void>;
  close(): Promise<void>;
}

async function writeAll(handle: FileHandle, pieces: readonly Uint8Array[], position: number): Promise<void> {
  let at = position;
  for (const piece of pieces) {
    for (let done = 0; done < piece.length; ) {
      const { bytesWritten } = await handle.write(piece, done, piece.length - done, at);
      done += bytesWritten;
      at += bytesWritten;
    }
  }
}

/** Makes the two files. */
export async function createSegment(folder: string): Promise<SegmentWriter> {
  const name = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;
  const values = await open(join(folder, name + VALUES), 'wx');
  const index = await open(join(folder, name + INDEX), 'wx').catch(async (error) => {
    await values.close();
    throw error;
  });
  let [valueBytes, indexBytes, piece] = [0, 0, 0];
  return {
    name,
    append: async (entries) => {
      let offset = valueBytes;
      const records = entries.map(({ key, pieces }) => {
        const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
        const record = encodeRecord({
          key,
          piece,
          mates: entries.length,
          offset,
          bytes,
          checksum: checksumOf(key, pieces),
        });
        offset += bytes;
        return record;
      });
      await writeAll(values, [Buffer.concat(entries.flatMap(({ pieces }) => pieces))], valueBytes);
      await writeAll(index, [Buffer.concat(records)], indexBytes);
      [valueBytes, indexBytes, piece] = [offset, indexBytes + records.length * RECORD_BYTES, piece + 1];
    },
    close: async () => {
      await values.close();
      await index.close();
    },
  };
}
