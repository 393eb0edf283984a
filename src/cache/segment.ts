import { randomUUID } from 'node:crypto';
import { closeSync, fstatSync, openSync, readdirSync, readSync, rmSync, writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { addAll } from '../lists.js';
import { checksumOf, decodeRecord, encodeRecord, type IndexRecord, RECORD_BYTES } from './indexRecord.js';

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
  close(): void;
}

const INDEX = '.index';
const VALUES = '.values';

/** Names of a set's segments, in order. */
export const segmentNames = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(INDEX))
    .map((name) => name.slice(0, -INDEX.length))
    .sort();

/** Removes both files. */
export function removeSegment(folder: string, name: string): void {
  for (const end of [INDEX, VALUES]) rmSync(join(folder, name + end), { force: true });
}

const ERASED = Buffer.alloc(RECORD_BYTES);

/** Writes zeros over records; where that is not possible, their checksums are found wrong again. */
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
  const readWith = (done: number, target: Uint8Array): boolean => done === target.length;
  return {
    newRecords: () => {
      const bytes = readRest(index, known);
      const { size } = fstatSync(values);
      const found: PlacedRecord[] = [];
      for (let at = 0; at + RECORD_BYTES <= bytes.length; at += RECORD_BYTES) {
        const record = decodeRecord(bytes.subarray(at, at + RECORD_BYTES));
        if (!record || record.offset + record.bytes > size) continue;
        const piece = pieces.get(record.piece) ?? [];
        pieces.set(record.piece, piece);
        piece.push({ ...record, position: known + at });
        if (piece.length < record.mates) continue;
        addAll(found, piece);
        pieces.delete(record.piece);
      }
      known += bytes.length - (bytes.length % RECORD_BYTES);
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
