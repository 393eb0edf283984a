import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { makeTemporaryFolder } from '../src/system/temporaryFolder.js';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'vlgraft-temporary-'));
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

/** A folder with a file, and with a lock of a process where one is named. */
function left(name: string, pid?: number): void {
  const folder = join(parent, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'tokenizer.json'), '{}');
  if (pid !== undefined) writeFileSync(join(folder, '.lock'), JSON.stringify({ pid, host: hostname() }));
}

/** The number of a process that has ended. */
const ended = (): number => spawnSync(process.execPath, ['-e', '']).pid;

it('is removed with what is in it, once', () => {
  const { path, remove } = makeTemporaryFolder('work', parent);
  writeFileSync(join(path, 'tokenizer.json'), '{}');
  expect(readdirSync(path).sort()).toEqual(['.lock', 'tokenizer.json']);
  remove();
  remove();
  expect(readdirSync(parent)).toEqual([]);
});

it('goes when the next one is made, where its process was killed', () => {
  left('work-abcDEF', ended());
  const { path } = makeTemporaryFolder('work', parent);
  expect(readdirSync(parent).map((name) => join(parent, name))).toEqual([path]);
});

it('stays where its process lives, or where nothing says whose it is', () => {
  const other = makeTemporaryFolder('work', parent);
  left('work-abcDEF', process.pid);
  left('work-noLock');
  left('other-abcDEF', ended());
  left('work-longer1', ended());
  mkdirSync(join(parent, 'user'));
  writeFileSync(join(parent, 'user/.lock'), JSON.stringify({ pid: ended(), host: hostname() }));
  symlinkSync(join(parent, 'user'), join(parent, 'work-linked'));
  const before = readdirSync(parent);
  const { path } = makeTemporaryFolder('work', parent);
  expect(readdirSync(parent).sort()).toEqual([...before, path.slice(parent.length + 1)].sort());
  expect(readdirSync(join(parent, 'user'))).toEqual(['.lock']);
  other.remove();
});
