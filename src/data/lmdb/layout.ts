/** MDB_magic: the first field of a meta page's data. */
const MAGIC = 0xbeefc0de;

/** What differs between the data formats of LMDB: 1 is liblmdb 0.9 and Python's lmdb, 2 is the npm package lmdb. */
export interface PageLayout {
  readonly format: 1 | 2;
  /** Bytes before the offsets of a page's nodes. */
  readonly header: number;
  readonly flags: number;
  /** End of the offsets of a page's nodes; of an overflow page the number of its pages. */
  readonly lower: number;
  /** What the offsets of nodes, and `lower`, are counted from. */
  readonly base: number;
  /** Bytes that a node holds in place of a value on overflow pages, the first page's number first. */
  readonly reference: number;
}

const LAYOUTS: readonly PageLayout[] = [
  { format: 1, header: 16, flags: 10, lower: 12, base: 0, reference: 8 },
  { format: 2, header: 24, flags: 18, lower: 20, base: 24, reference: 24 },
];

/** Where the fields of a meta page lie after the header (MDB_meta, 64 bits, little-endian). */
const AT = { version: 4, pageSize: 24, mainFlags: 76, mainDepth: 78, entries: 104, root: 112 } as const;
const LAST_FIELDS = { lastPage: 120, transaction: 128 } as const;

/** Bytes that hold a meta page's fields in either format. */
export const META_BYTES = 160;

/** One of the two meta pages: the state of the file after a transaction. */
export interface Meta {
  readonly layout: PageLayout;
  readonly pageSize: number;
  /** Flags of the main database. */
  readonly flags: number;
  /** Levels of its tree; 0 where it is empty. */
  readonly depth: number;
  readonly entries: number;
  readonly root: number;
  readonly lastPage: number;
  readonly transaction: bigint;
}

/** A 64-bit number; NaN where it is none that a file can hold. */
export function count64(bytes: Buffer, at: number): number {
  const value = Number(bytes.readBigUInt64LE(at));
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

/** The fields of a meta page; undefined where it is none. */
export function readMeta(page: Buffer): Meta | undefined {
  const layout = LAYOUTS.find(
    ({ header, format }) =>
      page.readUInt32LE(header) === MAGIC && page.readUInt16LE(header + AT.version) === format,
  );
  if (!layout) return undefined;
  const at = (offset: number) => layout.header + offset;
  return {
    layout,
    pageSize: page.readUInt32LE(at(AT.pageSize)),
    flags: page.readUInt16LE(at(AT.mainFlags)),
    depth: page.readUInt16LE(at(AT.mainDepth)),
    entries: count64(page, at(AT.entries)),
    root: count64(page, at(AT.root)),
    lastPage: count64(page, at(LAST_FIELDS.lastPage)),
    transaction: page.readBigUInt64LE(at(LAST_FIELDS.transaction)),
  };
}
