import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeFolder } from '../src/system/makeFolder.js';
import { temporaryFolder } from './data/pictures.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());

describe('a folder', () => {
  it('is made with those above it, and stays where it is there', () => {
    const path = join(folder.path, 'a', 'b', 'c');
    makeFolder(path);
    writeFileSync(join(path, 'kept'), '');
    makeFolder(path);
    expect(statSync(path).isDirectory()).toBe(true);
    expect(existsSync(join(path, 'kept'))).toBe(true);
  });

  it('is an error where a file is in the way, or on the way', () => {
    const file = join(folder.path, 'file');
    writeFileSync(file, '');
    expect(() => makeFolder(file)).toThrow(expect.objectContaining({ code: 'EEXIST' }));
    expect(() => makeFolder(join(file, 'below'))).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
  });

  it.skipIf(process.platform !== 'linux')(
    'is an error, and no endless loop, where the system lets none be made',
    () => {
      expect(() => makeFolder('/proc/none/below')).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    },
  );
});
