import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

function writeFully(handle: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(handle, bytes, done, Math.min(bytes.length - done, 1 << 30));
  }
}

function writeAndSync(path: string, pieces: Iterable<Uint8Array>): void {
  const handle = openSync(path, 'wx');
  try {
    for (const piece of pieces) writeFully(handle, piece);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Makes a rename last through a power cut; Windows can't open folders and doesn't need it. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** A file that grows beside the place where it will appear. */
export interface GrowingFile {
  write(text: string): void;
  /** Lets it appear, in place of what is there. */
  finish(): void;
  /** Removes what was written; nothing appears. */
  discard(): void;
}

/** Opens a file that is there in full or not at all, to be written piece by piece. */
export function openGrowingFile(path: string): GrowingFile {
  const temporary = `${path}.${randomUUID()}.tmp`;
  const handle = openSync(temporary, 'wx');
  return {
    write: (text) => writeFully(handle, Buffer.from(text)),
    finish: () => {
      fsyncSync(handle);
      closeSync(handle);
      renameSync(temporary, path);
      syncFolder(dirname(path));
    },
    discard: () => {
      closeSync(handle);
      rmSync(temporary, { force: true });
    },
  };
}

/** Writes a file that is there in full or not at all: a file beside it, synced to disk, renamed onto `path`. */
export function writeFileAtomically(path: string, content: string | Iterable<Uint8Array>): void {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    writeAndSync(temporary, typeof content === 'string' ? [Buffer.from(content)] : content);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}
