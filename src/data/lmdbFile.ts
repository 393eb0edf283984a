import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** MDB_MAGIC, at the start of a meta page's data. */
const MAGIC = 0xbeefc0de;
const DATA_FORMAT = 2;

/** Where the fields of data format 2 lie in a meta page; in format 1 the magic comes 8 bytes earlier. */
const AT = { magic: 24, version: 28, pageSize: 48, lastPage: 144, transaction: 152 } as const;

/** What a file is: an LMDB file that the library opens, one of the old format, one that lacks its end, or another. */
export type LmdbFileState = 'readable' | 'old' | 'cut off' | 'foreign';

interface Meta {
  readonly transaction: bigint;
  readonly bytes: bigint;
}

function metaOf(page: Buffer): Meta | undefined {
  if (page.readUInt32LE(AT.magic) !== MAGIC || page.readUInt32LE(AT.version) !== DATA_FORMAT)
    return undefined;
  const bytes = (page.readBigUInt64LE(AT.lastPage) + 1n) * BigInt(page.readUInt32LE(AT.pageSize));
  return { transaction: page.readBigUInt64LE(AT.transaction), bytes };
}

/** Looks at the meta pages of a file: the library ends the process when it opens or reads a file that is none. */
export function lmdbFileState(file: string): LmdbFileState {
  const handle = openSync(file, 'r');
  try {
    const head = Buffer.alloc(160);
    const first = readSync(handle, head, 0, head.length, 0) === head.length ? metaOf(head) : undefined;
    if (!first) return head.readUInt32LE(16) === MAGIC ? 'old' : 'foreign';
    const page = Buffer.alloc(160);
    const isThere = readSync(handle, page, 0, page.length, head.readUInt32LE(AT.pageSize)) === page.length;
    const second = isThere ? metaOf(page) : undefined;
    const last = second && second.transaction > first.transaction ? second : first;
    return last.bytes > BigInt(fstatSync(handle).size) ? 'cut off' : 'readable';
  } finally {
    closeSync(handle);
  }
}
