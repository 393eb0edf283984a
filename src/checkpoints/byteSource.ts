import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { UsageError } from '../base/errors.js';
import { systemWords } from '../system/systemErrors.js';

/** Bytes that can be read at any place, from a file or from memory. */
export interface ByteSource {
  /** How error messages call it. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Fills `target` with the bytes from `position` on; throws `UsageError` where they end too early. */
  read(target: Uint8Array, position: number): void;
  close(): void;
}

/** What one system call reads at most; Linux and macOS stop short of 2 GiB. */
const LARGEST_READ = 1 << 30;

/** Largest piece that `readPieces` gives, bytes; a multiple of every element's width. */
const PIECE = 1 << 22;

const ended = (file: string) => new UsageError({ file, message: 'the file ended while it was being read' });

function openFile(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const { message = 'it can not be read' } = systemWords(error) ?? {};
    throw new UsageError({ file: path, message: missing ? 'no such file' : message });
  }
}

/** A file, kept open until `close`; throws `UsageError` where it is missing or not a file. */
export function fileSource(path: string): ByteSource {
  const handle = openFile(path);
  const status = fstatSync(handle);
  if (!status.isFile()) {
    closeSync(handle);
    throw new UsageError({ file: path, message: 'this is not a file' });
  }
  const read = (target: Uint8Array, position: number) => {
    for (let done = 0; done < target.length; ) {
      const count = readSync(
        handle,
        target,
        done,
        Math.min(target.length - done, LARGEST_READ),
        position + done,
      );
      if (count === 0) throw ended(path);
      done += count;
    }
  };
  return { name: path, size: status.size, read, close: () => closeSync(handle) };
}

/** Bytes in memory, under the name that error messages give them. */
export function memorySource(bytes: Uint8Array, name = 'bytes'): ByteSource {
  const read = (target: Uint8Array, position: number) => {
    if (position + target.length > bytes.length) throw ended(name);
    target.set(bytes.subarray(position, position + target.length));
  };
  return { name, size: bytes.length, read, close: () => undefined };
}

/** The bytes from `begin` to `end` in pieces of at most 4 MiB, each in memory of its own. */
export function* readPieces(
  source: ByteSource,
  begin: number,
  end: number,
): Generator<Uint8Array<ArrayBuffer>> {
  for (let position = begin; position < end; position += PIECE) {
    const piece = new Uint8Array(Math.min(PIECE, end - position));
    source.read(piece, position);
    yield piece;
  }
}
