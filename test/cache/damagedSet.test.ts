import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openEntrySet } from '../../src/frozen/store/entrySet.js';
import { listSets, verifySets } from '../../src/frozen/store/inspect.js';
import type { SetDescription } from '../../src/frozen/store/setFolder.js';
import { damages } from '../damages.js';

const place = mkdtempSync(join(tmpdir(), 'vlgraft-sets-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

const description: SetDescription = { kind: 'values', backbone: 'b', what: 'w', identity: { a: 1 } };
const key = (n: number) => Buffer.from(String(n).padStart(16, '0'));
const value = (n: number) => Buffer.alloc(300 + 40 * n, n + 1);
const COUNT = 40;

/** Entries of two pieces each of twenty. */
async function fill(root: string) {
  const set = await openEntrySet(root, description);
  const entries = Array.from({ length: COUNT }, (_, n) => ({ key: key(n), pieces: [value(n)] }));
  await set.write(entries.slice(0, 20));
  await set.write(entries.slice(20));
  await set.close();
  return set.folder;
}

describe('a set of entries', () => {
  it('is seen by those that have it open, and after a process that was killed', async () => {
    const root = join(place, 'several');
    const first = await openEntrySet(root, description);
    const folder = await fill(root);
    expect(first.has(key(3))).toBe(false);
    await new Promise((done) => setTimeout(done, 1100));
    expect(first.read(key(3), (bytes) => Buffer.from(bytes).equals(value(3)))).toBe(true);
    await first.close();
    const [index] = readdirSync(folder).filter((name) => name.endsWith('.index'));
    writeFileSync(join(folder, index!), readFileSync(join(folder, index!)).subarray(0, 30 * 48 + 7));
    expect(await listSets(root)).toMatchObject([{ entries: 20 }]);
  });

  it('that is damaged gives right values or none', async () => {
    const root = join(place, 'damaged');
    const folder = await fill(root);
    const files = readdirSync(folder).filter((name) => /index|values/.test(name));
    const whole = new Map(files.map((name) => [name, readFileSync(join(folder, name))]));
    const restore = () => {
      for (const [name, bytes] of whole) writeFileSync(join(folder, name), bytes);
    };
    let lost = 0;
    const count = Number(process.env.VLGRAFT_DAMAGES ?? 300);
    for (const name of files) {
      for (const { bytes, what } of damages(whole.get(name) as Buffer, count)) {
        restore();
        writeFileSync(join(folder, name), bytes);
        const set = await openEntrySet(root, description);
        const given: boolean[] = [];
        for (let n = 0; n < COUNT; n++) {
          const isRight = set.read(key(n), (found) => Buffer.from(found).equals(value(n)));
          if (isRight === false) throw new Error(`${name}, ${what}: a wrong value was given`);
          given.push(isRight === true);
        }
        await set.close();
        lost += given.filter((is) => !is).length;
      }
    }
    expect(lost).toBeGreaterThan(count);
    restore();
    const bytes = Buffer.from(whole.get(files.find((name) => name.endsWith('values'))!)!);
    bytes[0]! ^= 1;
    writeFileSync(join(folder, files.find((name) => name.endsWith('values'))!), bytes);
    expect(await verifySets(root)).toMatchObject([{ entries: 20, removed: 20, unreadable: false }]);
    expect(await verifySets(root)).toMatchObject([{ entries: 20, removed: 0 }]);
  }, 3_600_000);

  it('on a disk that is full keeps what is written last in memory, and says why', async () => {
    for (const kilobytes of [4, 16, 64, 256, 1024, 5120]) {
      const disk = join(place, `disk${kilobytes}`);
      mkdirSync(disk);
      try {
        execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', disk], {
          stdio: 'ignore',
        });
      } catch {
        return; // not allowed here
      }
      try {
        const set = await openEntrySet(disk, description);
        const big = Buffer.alloc(1_000_000, 7);
        for (let n = 0; n < 7; n++) await set.write([{ key: key(n), pieces: [big] }]);
        expect(set.failure).toMatch(/can not be written \(the disk is full, .* are free there\)/);
        expect(set.read(key(6), (bytes) => Buffer.from(bytes).equals(big))).toBe(true);
        await set.close();
        for (const { removed } of await verifySets(disk)) expect(removed).toBe(0);
      } finally {
        execFileSync('umount', [disk]);
      }
    }
  });
});
