import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../src/base/errors.js';
import { withFolderLocked } from '../src/checkpoints/folderLock.js';
import { type Lock, type LockHolder, takeLock } from '../src/system/lockFile.js';
import { temporaryFolder } from './data/pictures.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const file = join(folder.path, 'a.lock');
beforeEach(() => rmSync(file, { force: true }));

/** The number of a process that has ended. */
const deadPid = (): number => Number(spawnSync(process.execPath, ['-p', 'process.pid']).stdout);

const isLock = (taken: Lock | LockHolder): taken is Lock => 'release' in taken;

/** Takes the lock and gives it back; says whether it could be had. */
function canTake(silence?: number): boolean {
  const taken = takeLock(file, silence);
  if (isLock(taken)) taken.release();
  return isLock(taken);
}

const held = (holder: object): void => writeFileSync(file, JSON.stringify(holder));

describe('a lock file', () => {
  it('is held by one at a time, names its process, and is gone when it is released', () => {
    const lock = takeLock(file) as Lock;
    expect(isLock(lock)).toBe(true);
    expect(takeLock(file)).toMatchObject({ pid: process.pid, host: hostname() });
    lock.release();
    expect(existsSync(file)).toBe(false);
    expect(canTake()).toBe(true);
  });

  it('of a process that died is taken over', () => {
    held({ pid: deadPid(), host: hostname() });
    expect(canTake()).toBe(true);
  });

  it.runIf(process.platform === 'linux')(
    'of a process whose number another one has now is taken over',
    () => {
      held({ pid: process.ppid, host: hostname(), started: 1 });
      expect(canTake()).toBe(true);
    },
  );

  it('of a living process is not, however long it was silent', () => {
    const lock = takeLock(file) as Lock;
    const own = JSON.parse(readFileSync(file, 'utf8')) as LockHolder;
    utimesSync(file, 0, 0);
    expect(canTake()).toBe(own.started === undefined);
    lock.release();
  });

  it('of another host is taken over when it was silent for long', () => {
    held({ pid: 1, host: 'elsewhere' });
    expect(takeLock(file)).toEqual({ pid: 1, host: 'elsewhere' });
    const seconds = Date.now() / 1000 - 100;
    utimesSync(file, seconds, seconds);
    expect(canTake()).toBe(false);
    expect(canTake(60_000)).toBe(true);
  });

  it('that names no process is in the way for seconds only', () => {
    for (const text of ['', '{', '[]', '{"pid": "1"}']) {
      writeFileSync(file, text);
      expect(canTake()).toBe(false);
      const seconds = Date.now() / 1000 - 10;
      utimesSync(file, seconds, seconds);
      expect(canTake()).toBe(true);
    }
  });

  it('appears whole: who reads it while it is taken and released again and again never finds it empty', async () => {
    const script = `
      const { readFileSync } = require('node:fs');
      let [empty, seen] = [0, 0];
      process.stdout.write('ready');
      const end = Date.now() + 1500;
      while (Date.now() < end) {
        try { readFileSync(${JSON.stringify(file)}, 'utf8') === '' ? empty++ : seen++; } catch {}
      }
      process.stdout.write(JSON.stringify({ empty, seen }));`;
    const child = spawn(process.execPath, ['-e', script]);
    let told = '';
    child.stdout.on('data', (piece: Buffer) => {
      told += piece.toString();
    });
    const closed = new Promise((done) => child.on('close', done));
    let open = true;
    void closed.then(() => {
      open = false;
    });
    while (open) {
      expect(canTake()).toBe(true);
      await new Promise((done) => setImmediate(done));
    }
    expect(told.startsWith('ready')).toBe(true);
    expect(JSON.parse(told.slice('ready'.length))).toMatchObject({ empty: 0 });
    expect(readdirSync(folder.path)).toEqual([]);
  });
});

describe('a locked folder', () => {
  const path = join(folder.path, 'run');

  it('is refused to others, with the process that writes it', async () => {
    mkdirSync(path);
    await withFolderLocked(path, async () => {
      const second = withFolderLocked(path, async () => 1);
      await expect(second).rejects.toThrow(UsageError);
      await expect(second).rejects.toThrow(
        `${path}: this process is writing this folder; wait until it ends`,
      );
    });
    writeFileSync(join(path, '.lock'), JSON.stringify({ pid: 7, host: 'elsewhere' }));
    await expect(withFolderLocked(path, async () => 1)).rejects.toThrow('process 7 on elsewhere is writing');
    rmSync(path, { recursive: true });
  });

  it('is free again when the work fails', async () => {
    mkdirSync(path);
    await expect(withFolderLocked(path, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await withFolderLocked(path, async () => 1)).toBe(1);
    rmSync(path, { recursive: true });
  });

  it('is made where there is none, and stays only when something was written', async () => {
    await withFolderLocked(path, async () => expect(existsSync(path)).toBe(true));
    expect(existsSync(path)).toBe(false);
    await withFolderLocked(path, async () => writeFileSync(join(path, 'a'), ''));
    expect(existsSync(join(path, 'a'))).toBe(true);
  });

  it('is refused where a file is in the way', async () => {
    writeFileSync(join(folder.path, 'file'), '');
    await expect(withFolderLocked(join(folder.path, 'file'), async () => 1)).rejects.toThrow(
      'there is a file in the way',
    );
  });
});
