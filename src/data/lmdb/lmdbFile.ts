import { UsageError } from '../../base/errors.js';
import { formatBytes } from '../../base/figures.js';
import { type ByteSource, fileSource } from '../../checkpoints/byteSource.js';
import { count64, META_BYTES, type Meta, readMeta } from './layout.js';
import { DamagedPage, lastNotAfter, NODE, type Node, PAGE, type Page, readPage } from './page.js';

/** Values by keys in an LMDB file, read by file handle: nothing is mapped, locked or written. */
export interface LmdbFile {
  readonly entries: number;
  /** The first entry in the order of keys; undefined where there is none. */
  first(): { readonly key: Buffer; readonly value: Buffer } | undefined;
  /** The value in memory of its own; undefined where the key is not there. Throws UsageError on a damaged page. */
  get(key: Buffer): Buffer | undefined;
  close(): void;
}

/** The deepest tree that LMDB makes (CURSOR_STACK). */
const DEEPEST = 32;
/** Pages that are kept in memory. */
const PAGES_KEPT = 4096;
/** Largest value that is read, bytes. */
const LARGEST_VALUE = 2 ** 30;
/** Flags of a database whose keys lie in another order, or have several values. */
const OTHER_ORDER = 0x02 | 0x04 | 0x08;

const COPY = 'copy it again, or put the features into a .safetensors file';

function lastMeta(source: ByteSource): Meta {
  const metaAt = (position: number): Meta | undefined => {
    if (!(position + META_BYTES <= source.size)) return undefined;
    const bytes = Buffer.alloc(META_BYTES);
    source.read(bytes, position);
    return readMeta(bytes);
  };
  const first = metaAt(0);
  if (!first) {
    const expected = 'a file of LMDB, or features in a .safetensors file';
    throw new UsageError({ file: source.name, message: 'this is not an LMDB file', expected });
  }
  const second = metaAt(first.pageSize);
  const isLater = second && second.layout === first.layout && second.transaction > first.transaction;
  return isLater ? second : first;
}

/** Throws DamagedPage where the fields of a meta page contradict each other or the file. */
function checkMeta({ pageSize, depth, flags, lastPage, root }: Meta, size: number): void {
  const isPowerOfTwo = pageSize >= 256 && pageSize <= 65_536 && (pageSize & (pageSize - 1)) === 0;
  if (!isPowerOfTwo) throw new DamagedPage(`pages of ${pageSize} bytes`);
  if (flags & OTHER_ORDER)
    throw new DamagedPage('its keys have several values, or lie in another order than that of their bytes');
  if (depth > DEEPEST) throw new DamagedPage(`a tree of ${depth} levels`);
  if (!(lastPage * pageSize < Number.MAX_SAFE_INTEGER)) throw new DamagedPage('its number of pages is wrong');
  if (depth > 0 && !(root <= lastPage)) throw new DamagedPage('its first page lies outside');
  if (depth > 0 && root * pageSize + pageSize > size) throw new DamagedPage('its end is missing');
}

/** Pages of a file by number, those read last in memory. */
function createPages(source: ByteSource, { layout, pageSize }: Meta): (number: number) => Page {
  const kept = new Map<number, Page>();
  return (number) => {
    const known = kept.get(number);
    if (known) return known;
    if (!((number + 1) * pageSize <= source.size))
      throw new DamagedPage(`page ${number} lies beyond its end`);
    const bytes = Buffer.alloc(pageSize);
    source.read(bytes, number * pageSize);
    const page = readPage(bytes, number, layout);
    if (kept.size >= PAGES_KEPT) kept.delete(kept.keys().next().value as number);
    kept.set(number, page);
    return page;
  };
}

/** The value on overflow pages that a node names. */
function readOverflow(source: ByteSource, { layout, pageSize }: Meta, page: Page, node: Node): Buffer {
  const number = count64(page.bytes, node.begin);
  const begin = number * pageSize;
  const end = begin + layout.header + node.bytes;
  if (node.bytes > LARGEST_VALUE) throw new DamagedPage(`a value of ${formatBytes(node.bytes)}`);
  if (!(end <= source.size)) throw new DamagedPage(`the value on page ${number} ends beyond the file`);
  const bytes = Buffer.allocUnsafeSlow(layout.header + node.bytes);
  source.read(bytes, begin);
  const isOne = count64(bytes, 0) === number && (bytes.readUInt16LE(layout.flags) & PAGE.overflow) !== 0;
  const pages = Math.ceil(bytes.length / pageSize);
  if (!isOne || bytes.readUInt32LE(layout.lower) < pages)
    throw new DamagedPage(`page ${number}: no value lies there`);
  return bytes.subarray(layout.header);
}

/** The tree of the main database. */
function createTree(source: ByteSource, meta: Meta) {
  const pageAt = createPages(source, meta);

  const leafFor = (choose: (page: Page) => number): Page => {
    let page = pageAt(meta.root);
    for (let level = 1; level < meta.depth; level++) {
      if (page.kind !== 'branch') throw new DamagedPage(`page ${page.number}: a leaf above the lowest level`);
      page = pageAt(page.node(choose(page)).child);
    }
    if (page.kind !== 'leaf') throw new DamagedPage(`page ${page.number}: no leaf at the lowest level`);
    return page;
  };

  const valueAt = (page: Page, node: Node): Buffer => {
    if (node.flags & (NODE.subDatabase | NODE.duplicates))
      throw new DamagedPage('it holds named databases, or several values of a key');
    if (node.flags & NODE.onOverflowPages) return readOverflow(source, meta, page, node);
    return Buffer.from(page.bytes.subarray(node.begin, node.begin + node.bytes));
  };

  return {
    first: () => {
      if (meta.depth === 0) return undefined;
      const page = leafFor(() => 0);
      const node = page.node(0);
      return { key: Buffer.from(node.key), value: valueAt(page, node) };
    },
    get: (key: Buffer) => {
      if (meta.depth === 0) return undefined;
      const page = leafFor((branch) => lastNotAfter(branch, key));
      const index = lastNotAfter(page, key);
      const node = index >= 0 ? page.node(index) : undefined;
      return node?.key.equals(key) ? valueAt(page, node) : undefined;
    },
  };
}

/**
 * Opens an LMDB file of data format 1 (liblmdb 0.9, Python's lmdb) or 2 (the npm package lmdb), 64 bits, little-endian;
 * layout: mdb.c of liblmdb. Every offset is checked before it is followed, so a damaged file is a UsageError at worst.
 */
export function openLmdbFile(path: string): LmdbFile {
  const source = fileSource(path);
  const inWords = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof DamagedPage)) throw error;
      const message = `this LMDB file can't be read: ${error.message}`;
      throw new UsageError({ file: path, message, expected: COPY });
    }
  };
  try {
    const meta = lastMeta(source);
    inWords(() => checkMeta(meta, source.size));
    const tree = createTree(source, meta);
    return {
      entries: meta.entries,
      first: () => inWords(tree.first),
      get: (key) => inWords(() => tree.get(key)),
      close: source.close,
    };
  } catch (error) {
    source.close();
    throw error;
  }
}
