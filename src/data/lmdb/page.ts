import { count64, type PageLayout } from './layout.js';

/** Flags of pages and nodes, from mdb.c. */
export const PAGE = { branch: 0x01, leaf: 0x02, overflow: 0x04, kinds: 0x67 } as const;
export const NODE = { onOverflowPages: 0x01, subDatabase: 0x02, duplicates: 0x04 } as const;
const NODE_BYTES = 8;

/** What is wrong with a file, for its reader to say with the file's name. */
export class DamagedPage extends Error {}

/** One node of a branch or leaf page. */
export interface Node {
  readonly flags: number;
  readonly key: Buffer;
  /** Bytes of the value of a leaf's node. */
  readonly bytes: number;
  /** Page that a branch's node leads to. */
  readonly child: number;
  /** Where a leaf's value, or its place on overflow pages, begins in the page. */
  readonly begin: number;
}

/** A branch or leaf page whose nodes are looked at one by one. */
export interface Page {
  readonly number: number;
  readonly kind: 'branch' | 'leaf';
  readonly count: number;
  readonly bytes: Buffer;
  node(index: number): Node;
}

/** Reads the header of a branch or leaf page; throws DamagedPage where it is another one, or its nodes don't fit. */
export function readPage(bytes: Buffer, number: number, layout: PageLayout): Page {
  const refuse = (what: string) => new DamagedPage(`page ${number}: ${what}`);
  if (count64(bytes, 0) !== number) throw refuse('another page lies there');
  const kind = { [PAGE.branch]: 'branch', [PAGE.leaf]: 'leaf' }[
    bytes.readUInt16LE(layout.flags) & PAGE.kinds
  ] as Page['kind'] | undefined;
  if (!kind) throw refuse('it is not a page of a tree');
  const end = bytes.readUInt16LE(layout.lower) + layout.base;
  const count = (end - layout.header) / 2;
  if (end > bytes.length || count < 1 || !Number.isInteger(count)) throw refuse('its list of nodes is wrong');

  const node = (index: number): Node => {
    const at = bytes.readUInt16LE(layout.header + 2 * index) + layout.base;
    if (at < end || at + NODE_BYTES > bytes.length) throw refuse(`node ${index} lies outside`);
    const [low, high, flags, keyBytes] = [0, 2, 4, 6].map((offset) => bytes.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
      number,
    ];
    const begin = at + NODE_BYTES + keyBytes;
    const size = low + high * 2 ** 16;
    const inPage = flags & NODE.onOverflowPages ? layout.reference : size;
    if (begin + (kind === 'leaf' ? inPage : 0) > bytes.length) throw refuse(`node ${index} ends outside`);
    const key = bytes.subarray(at + NODE_BYTES, begin);
    return { flags, key, bytes: size, child: size + flags * 2 ** 32, begin };
  };
  return { number, kind, count, bytes, node };
}

/** Index of the last node whose key is not greater; -1 where the first one is. A branch's first node has no key. */
export function lastNotAfter({ node, count, kind }: Page, key: Buffer): number {
  let [low, high] = [kind === 'branch' ? 1 : 0, count - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (Buffer.compare(node(middle).key, key) <= 0) low = middle + 1;
    else high = middle - 1;
  }
  return high;
}
