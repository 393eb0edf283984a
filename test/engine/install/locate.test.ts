import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { UsageError } from '../../../src/base/errors.js';
import { locateEngine, locateKernels } from '../../../src/engine/install/locate.js';

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'vlgraft-locate-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function folderWith(...names: string[]): string {
  const folder = join(temporary(), 'tensorflow');
  mkdirSync(folder);
  for (const name of names) writeFileSync(join(folder, name), name);
  return folder;
}

const pair = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'] as const;

function installed(cache: string, name: string, device: string): void {
  const folder = join(cache, 'libtensorflow', name);
  mkdirSync(join(folder, 'tensorflow'), { recursive: true });
  const files = pair.map((library) => ({ path: `tensorflow/${library}`, bytes: library.length, sha256: '' }));
  for (const library of pair) writeFileSync(join(folder, 'tensorflow', library), library);
  const version = name.split('-')[0];
  writeFileSync(join(folder, 'engine.json'), JSON.stringify({ version, device, wheels: [], files }));
}

describe('locateEngine', () => {
  it.each([
    ['a folder', ''],
    ['the path of the library', pair[0]],
    ['the path of the framework library', pair[1]],
  ])('takes VLGRAFT_LIBTENSORFLOW as %s', (_what, file) => {
    const folder = folderWith(...pair);
    expect(locateEngine({ VLGRAFT_LIBTENSORFLOW: join(folder, file) })).toEqual({
      found: true,
      libraries: { tensorflow: join(folder, pair[0]), framework: join(folder, pair[1]) },
      source: 'environment',
      device: 'cpu',
    });
  });

  it('knows the names that macOS gives the libraries', () => {
    const folder = folderWith('libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib');
    const { libraries } = locateEngine({ VLGRAFT_LIBTENSORFLOW: folder }) as { libraries: object };
    expect(libraries).toMatchObject({ tensorflow: join(folder, 'libtensorflow_cc.2.dylib') });
  });

  it('takes a library with CUDA libraries beside it for one that computes on the GPU', () => {
    const folder = folderWith(...pair);
    mkdirSync(join(folder, '../nvidia'));
    expect(locateEngine({ VLGRAFT_LIBTENSORFLOW: folder })).toMatchObject({ device: 'cuda' });
  });

  it.each([
    ['a folder that is not there', () => '/nowhere/at/all', /no such file or folder/],
    ['a folder without the libraries', () => folderWith(), /libtensorflow is not there/],
    ['one library of the two', () => folderWith(pair[0]), /libtensorflow is not there/],
    [
      'another file of the folder',
      () => join(folderWith(...pair, 'a.txt'), 'a.txt'),
      /libtensorflow is not there/,
    ],
  ])(
    'refuses a VLGRAFT_LIBTENSORFLOW that names %s, even where another library would be found',
    (_what, make, text) => {
      const cache = temporary();
      installed(cache, '2.21.0-cpu', 'cpu');
      const locate = () => locateEngine({ VLGRAFT_LIBTENSORFLOW: make(), VLGRAFT_CACHE: cache });
      expect(locate).toThrow(UsageError);
      expect(locate).toThrow(text);
    },
  );

  it('takes the newest version in the cache, and of one version that for the GPU', () => {
    const cache = temporary();
    installed(cache, '2.21.9-cpu', 'cpu');
    expect(locateEngine({ VLGRAFT_CACHE: cache })).toMatchObject({ source: 'cache', version: '2.21.9' });
    installed(cache, '2.21.10-cpu', 'cpu');
    expect(locateEngine({ VLGRAFT_CACHE: cache })).toMatchObject({ version: '2.21.10', device: 'cpu' });
    installed(cache, '2.21.10-cuda', 'cuda');
    expect(locateEngine({ VLGRAFT_CACHE: cache })).toMatchObject({ version: '2.21.10', device: 'cuda' });
  });

  it('does not take what lies in the cache without a manifest', () => {
    const cache = temporary();
    const folder = join(cache, 'libtensorflow/2.21.0-cpu/tensorflow');
    mkdirSync(folder, { recursive: true });
    for (const name of pair) writeFileSync(join(folder, name), name);
    expect(locateEngine({ VLGRAFT_CACHE: cache })).not.toMatchObject({ source: 'cache' });
  });
});

describe('locateKernels', () => {
  it('finds the package in node_modules or in the cache', () => {
    const cache = temporary();
    const folder = join(cache, 'kernels/4.22.0/package');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{}');
    expect([folder, expect.stringMatching(/tfjs-node-gpu$/)]).toContainEqual(
      locateKernels({ VLGRAFT_CACHE: cache }),
    );
  });
});
