import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkEngine, checkKernels, noteKernels } from '../../../src/engine/install/integrity.js';
import type { LocatedEngine } from '../../../src/engine/install/locate.js';

/** A header of 64-bit ELF whose three sections of 64 bytes end the file (System V ABI). */
function library(): Buffer {
  const bytes = Buffer.alloc(1000);
  bytes.write('\x7fELF\x02\x01', 'latin1');
  bytes.writeBigUInt64LE(BigInt(1000 - 3 * 64), 40);
  bytes.writeUInt16LE(64, 58);
  bytes.writeUInt16LE(3, 60);
  return bytes;
}

/** An installed engine of two small files. */
function install() {
  const folder = mkdtempSync(join(tmpdir(), 'vlgraft-engine-'));
  mkdirSync(join(folder, 'tensorflow'));
  const [tensorflow, framework] = ['a.so', 'b.so'].map((name) => join(folder, 'tensorflow', name)) as [
    string,
    string,
  ];
  for (const file of [tensorflow, framework]) writeFileSync(file, library());
  const sha256 = createHash('sha256').update(library()).digest('hex');
  const files = ['tensorflow/a.so', 'tensorflow/b.so'].map((path) => ({ path, bytes: 1000, sha256 }));
  writeFileSync(
    join(folder, 'engine.json'),
    JSON.stringify({ version: '1', device: 'cpu', wheels: [], files }),
  );
  const libraries = { tensorflow, framework };
  return { found: true, libraries, source: 'cache', device: 'cpu' } satisfies LocatedEngine;
}

/** Changes one byte, and leaves size and, where wanted, time as they were. */
function flip(file: string, keepsTime: boolean): void {
  const bytes = readFileSync(file);
  bytes[500]! ^= 1;
  const time = new Date('2020-01-01');
  writeFileSync(file, bytes);
  if (keepsTime) utimesSync(file, time, time);
}

describe.skipIf(process.platform !== 'linux')('an engine', () => {
  it('is found whole, and damaged where bytes or size changed', () => {
    const engine = install();
    checkEngine(engine);
    checkEngine(engine, true);
    flip(engine.libraries.framework, false);
    expect(() => checkEngine(engine)).toThrow(/b\.so: it is damaged.*hash.*vlgraft engine install --force/);
    flip(engine.libraries.framework, false);
    checkEngine(engine);
    writeFileSync(engine.libraries.tensorflow, library().subarray(0, 700));
    expect(() => checkEngine(engine)).toThrow(/a\.so: it is damaged: 700 bytes, and not 1000/);
  });

  it('whose files have the size and time of before is hashed where that is asked for', () => {
    const engine = install();
    const time = new Date('2020-01-01');
    utimesSync(engine.libraries.tensorflow, time, time);
    checkEngine(engine);
    flip(engine.libraries.tensorflow, true);
    checkEngine(engine);
    expect(() => checkEngine(engine, true)).toThrow(/a\.so: it is damaged/);
  });

  it('of the environment is refused where it is no library, or cut off', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vlgraft-engine-'));
    const [tensorflow, framework] = [join(folder, 'a.so'), join(folder, 'b.so')];
    const engine = {
      found: true,
      libraries: { tensorflow, framework },
      source: 'environment',
      device: 'cpu',
    } satisfies LocatedEngine;
    writeFileSync(framework, library());
    for (const [bytes, message] of [
      ['text', 'this is not a shared library'],
      [library().subarray(0, 900), 'the end of this library is missing'],
    ] as const) {
      writeFileSync(tensorflow, bytes);
      expect(() => checkEngine(engine)).toThrow(`${tensorflow}: ${message}; correct VLGRAFT_LIBTENSORFLOW`);
    }
    writeFileSync(tensorflow, library());
    checkEngine(engine);
  });

  it('loads kernels of the cache only where each file is as it was unpacked', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vlgraft-kernels-'));
    const [kernels, file] = [join(folder, 'package'), join(folder, 'package/dist/backend.js')];
    mkdirSync(join(kernels, 'dist'), { recursive: true });
    writeFileSync(file, Buffer.alloc(1000, 'a'));
    expect(checkKernels(kernels)).toBe(false);
    noteKernels(folder);
    expect(checkKernels(kernels)).toBe(true);
    flip(file, true);
    expect(() => checkKernels(kernels)).toThrow(
      `${file}: it is damaged: it has not the hash that it was installed with; vlgraft engine install --force`,
    );
    writeFileSync(file, 'a');
    expect(() => checkKernels(kernels)).toThrow(`${file}: it is damaged: 1 bytes, and not 1000`);
  });
});
