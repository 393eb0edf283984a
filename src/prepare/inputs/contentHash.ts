import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';

/** How much of a file is hashed: all of it up to `whole` bytes, of larger ones `blocks` blocks of `size` bytes. */
export interface Sampling {
  readonly whole: number;
  readonly blocks: number;
  readonly size: number;
}

/** For files that a recipe names one by one: annotations, weights, stores of features. */
export const NAMED: Sampling = { whole: 2 ** 30, blocks: 4096, size: 2 ** 16 };
/** For files of which there are many: pictures, features of one picture each. */
export const MANY: Sampling = { whole: 2 ** 16, blocks: 16, size: 2 ** 12 };

/** Bytes of one piece, after which others may have their turn. */
const PIECE = 2 ** 20;

/** Begin and length of the pieces of a file that are hashed, the first and the last bytes among them. */
function piecesOf(bytes: number, { whole, blocks, size }: Sampling): (readonly [number, number])[] {
  if (bytes <= whole) {
    return Array.from({ length: Math.ceil(bytes / PIECE) }, (_, index) => [
      index * PIECE,
      Math.min(PIECE, bytes - index * PIECE),
    ]);
  }
  const gap = (bytes - size) / (blocks - 1);
  return Array.from({ length: blocks }, (_, index) => [Math.floor(index * gap), size]);
}

function readFully(handle: number, target: Uint8Array, position: number): Uint8Array {
  let done = 0;
  while (done < target.length) {
    const count = readSync(handle, target, done, target.length - done, position + done);
    if (count === 0) break; // it was cut while it was read: the hash is another one
    done += count;
  }
  return target.subarray(0, done);
}

/** sha256 of the size and of the pieces that `sampling` chooses, 128 bits as hex; yields between pieces. */
export function* contentHash(path: string, sampling: Sampling): Generator<void, string> {
  const handle = openSync(path, 'r');
  try {
    const { size } = fstatSync(handle);
    const hash = createHash('sha256').update(`${size}\n`);
    const buffer = Buffer.allocUnsafe(Math.min(size, PIECE));
    for (const [begin, length] of piecesOf(size, sampling)) {
      hash.update(readFully(handle, buffer.subarray(0, length), begin));
      yield;
    }
    return hash.digest('hex').slice(0, 32);
  } finally {
    closeSync(handle);
  }
}

/** Milliseconds after which others have their turn. */
const SLICE = 10;

/** Lets the rest of the process have its turn now and then, so that signals are heard and batches made. */
export function createTurns(): () => Promise<void> | undefined {
  let mark = performance.now();
  return () => {
    if (performance.now() - mark < SLICE) return undefined;
    return setImmediate().then(() => {
      mark = performance.now();
    });
  };
}
