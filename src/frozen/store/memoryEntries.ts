import type { Entry } from './segment.js';

/** Bytes of values that are kept where a disk takes no more. */
export const MOST_BYTES = 2 ** 28;

/** The values written last, in memory: of a set that can't be written any more. */
export function createMemoryEntries() {
  const values = new Map<string, Buffer>();
  let bytes = 0;
  return {
    has: (name: string): boolean => values.has(name),
    get: (name: string): Buffer | undefined => values.get(name),
    add: (entries: readonly Entry[]): void => {
      for (const { key, pieces } of entries) {
        const value = Buffer.concat(pieces);
        const name = key.toString('latin1');
        bytes += value.length - (values.get(name)?.length ?? 0);
        values.delete(name);
        values.set(name, value);
      }
      for (const [name, { length }] of values) {
        if (bytes <= MOST_BYTES || values.size <= entries.length) break;
        values.delete(name);
        bytes -= length;
      }
    },
  };
}
