import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { open } from 'lmdb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/base/errors.js';
import { openLmdbFile } from '../../../src/data/lmdb/lmdbFile.js';
import { openLmdbStore } from '../../../src/data/regions/stores/lmdbStore.js';
import { type Damage, damages } from '../../damages.js';
import { temporaryFolder } from '../pictures.js';

const folder = temporaryFolder();
const file = (name: string) => join(folder.path, name);
afterAll(() => folder.remove());

/** Keys of many lengths; every tenth value takes pages of its own. */
const entries = new Map(
  Array.from({ length: 700 }, (_, i) => {
    const key = `${'k'.repeat(i % 90)}${i}`;
    const value = Buffer.alloc(i % 10 === 0 ? 9000 + i : i % 50, i % 251);
    return [key, value] as const;
  }),
);

beforeAll(async () => {
  const database = open<Buffer, Buffer>({
    path: file('npm.lmdb'),
    noSubdir: true,
    encoding: 'binary',
    keyEncoding: 'binary',
  });
  for (const [key, value] of entries) database.put(Buffer.from(key), value);
  await database.flushed;
  await database.close();
  // Written by Python's lmdb 1.x: sixty pictures of two regions, and one of 300.
  writeFileSync(file('python.lmdb'), gunzipSync(readFileSync(new URL('python.lmdb.gz', import.meta.url))));
});

describe('an LMDB file', () => {
  it('gives what the npm package lmdb wrote', () => {
    const database = openLmdbFile(file('npm.lmdb'));
    expect(database.entries).toBe(entries.size);
    const wrong = [...entries].filter(([key, value]) => !database.get(Buffer.from(key))?.equals(value));
    expect(wrong).toEqual([]);
    expect(database.first()?.key.toString()).toBe([...entries.keys()].sort()[0]);
    for (const absent of ['', 'absent', 'zzz', 'k'])
      expect(database.get(Buffer.from(absent))).toBeUndefined();
    database.close();
  });

  it("gives what Python's lmdb wrote, of data format 1", async () => {
    const store = await openLmdbStore(file('python.lmdb'));
    expect(store.width).toBe(3);
    for (const id of [0, 7, 59]) {
      const { features, boxes } = await store.read(`picture/${id}`);
      expect(features.shape).toEqual([id === 7 ? 300 : 2, 3]);
      expect([...features.data.slice(0, 2)]).toEqual([id * 100, id * 100 + 1]);
      expect(boxes.data[5]).toBe(5);
    }
    await expect(store.read('picture/60')).rejects.toThrow('no features are stored for it');
    await store.close();
  });

  it('refuses several values of a key, other files, and one that is cut off while it is read', async () => {
    const database = open({ path: file('several.lmdb'), noSubdir: true, dupSort: true, encoding: 'binary' });
    await database.put('a', Buffer.from('1'));
    await database.close();
    expect(() => openLmdbFile(file('several.lmdb'))).toThrow('several values');
    writeFileSync(file('text.lmdb'), 'text');
    expect(() => openLmdbFile(file('text.lmdb'))).toThrow('this is not an LMDB file');
    writeFileSync(file('cut.lmdb'), readFileSync(file('npm.lmdb')));
    const cut = openLmdbFile(file('cut.lmdb'));
    truncateSync(file('cut.lmdb'), 8192);
    expect(() => cut.get(Buffer.from('k1'))).toThrow('ended while it was being read');
    cut.close();
  });

  it.each(['npm.lmdb', 'python.lmdb'])(
    'that is damaged is a UsageError or gives bytes: %s',
    (name) => {
      const whole = readFileSync(file(name));
      const keys = [...(name === 'npm.lmdb' ? entries.keys() : []), 'picture/7', 'picture/58'];
      const look = ({ bytes, what }: Damage, at: number): boolean => {
        writeFileSync(file('damaged.lmdb'), bytes);
        try {
          const database = openLmdbFile(file('damaged.lmdb'));
          try {
            database.first();
            for (let i = 0; i < 5; i++)
              database.get(Buffer.from(keys[(at * 37 + i * 101) % keys.length] as string));
          } finally {
            database.close();
          }
          return false;
        } catch (error) {
          if (!(error instanceof UsageError)) throw new Error(`${what}: ${String(error)}`, { cause: error });
          return true;
        }
      };
      let refused = 0;
      const count = Number(process.env.VLGRAFT_DAMAGES ?? 600);
      let at = 0;
      for (const damage of damages(whole, count)) refused += Number(look(damage, at++));
      expect(refused).toBeGreaterThan(count / 20);
    },
    3_600_000,
  );
});
