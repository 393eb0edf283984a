import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { createRandom } from '../../src/base/random.js';
import { readNpy, readNpz } from '../../src/checkpoints/numpy.js';
import { readSafetensors } from '../../src/checkpoints/safetensors.js';
import { fixture, temporaryFolder } from './fixture.js';

const expected = readSafetensors(fixture('expected.safetensors'));

/** A .npy file with this dictionary and this many bytes of elements. */
function fileOf(dictionary: string, dataSize: number, claimed = dictionary.length): string {
  const path = join(temporaryFolder(), 'a.npy');
  const length = Buffer.alloc(2);
  length.writeUInt16LE(claimed);
  const magic = Buffer.from('\x93NUMPY\x01\x00', 'latin1');
  writeFileSync(path, Buffer.concat([magic, length, Buffer.from(dictionary), Buffer.alloc(dataSize)]));
  return path;
}

const dictionary = (shape: string, code = '<f4') =>
  `{'descr': '${code}', 'fortran_order': False, 'shape': (${shape}), }\n`;

describe('reading a .npy file', () => {
  it.each(['f4', 'fortran', 'i8'])('gives the array that numpy saved (%s)', (name) => {
    expect(readNpy(fixture(`${name}.npy`))).toEqual(expected.get(name));
  });

  it.each([
    ['big_endian.npy', /\(>f4\) are not read; one of <f2/],
    ['pickled.npy', /\(\|O\) are not read/],
    ['record.npy', /\(a record\) are not read/],
    ['stored.npz', /not an array of NumPy/],
    ['nothing.npy', /no such file/],
  ])('refuses %s', (name, message) => {
    expect(() => readNpy(fixture(name))).toThrow(message);
    expect(() => readNpy(fixture(name))).toThrow(UsageError);
  });

  it.each([
    ['too few bytes', dictionary('3,'), 8, /F32 \[3\] makes \d+ bytes, there are/],
    ['too many bytes', dictionary('3,'), 16, /F32 \[3\] makes/],
    ['a huge array', dictionary('1000000, 1000000'), 8, /makes 4\d+ bytes/],
    ['a huge dimension', dictionary('99999999999999999999'), 8, /header is malformed/],
    ['a negative dimension', dictionary('-1,'), 8, /header is malformed/],
    ['code for a shape', dictionary('__import__("os").getpid()'), 8, /header is malformed/],
    ['no shape', "{'descr': '<f4', 'fortran_order': False}", 8, /header is malformed/],
    ['text', 'nothing of the kind', 8, /header is malformed/],
    ['an inherited code', dictionary('1,', 'constructor'), 4, /\(constructor\) are not read/],
  ])('refuses a header with %s', (_, header, size, message) => {
    expect(() => readNpy(fileOf(header, size))).toThrow(message);
  });

  it('refuses a header that ends beyond the file', () => {
    expect(() => readNpy(fileOf(dictionary('1,'), 0, 500))).toThrow(/ends beyond the file/);
  });
});

describe('reading a .npz archive', () => {
  it.each(['stored.npz', 'deflated.npz'])('gives all arrays that numpy saved (%s)', async (name) => {
    expect(await readNpz(fixture(name))).toEqual(expected);
  });

  it('leaves out pickled arrays and keeps the others', async () => {
    const arrays = await readNpz(fixture('with_pickle.npz'));
    expect([...arrays.keys()]).toEqual(['features']);
  });

  it('refuses an array that claims more than there is, before taking memory for it', async () => {
    await expect(readNpz(fixture('liar.npz'))).rejects.toThrow(/F32 \[1099511627776\] makes/);
  });

  it('refuses a member outside its folder, a file that is no archive, and none', async () => {
    await expect(readNpz(fixture('escape.npz'))).rejects.toThrow(UsageError);
    await expect(readNpz(fixture('f4.npy'))).rejects.toThrow(/f4.npy: this archive can't be read/);
    await expect(readNpz(fixture('nothing.npz'))).rejects.toThrow(UsageError);
  });

  it.each([
    [2 ** 30 + 1, /take more than 1073741824 bytes/],
    [2 ** 30 - 1, /claims 1073741823 bytes and cannot hold them/],
    [5000, /archive can't be read: not enough bytes/],
  ])('refuses an archive that claims to unpack to %d bytes', async (claimed, message) => {
    const path = join(temporaryFolder(), 'a.npz');
    const bytes = readFileSync(fixture('deflated.npz'));
    bytes.writeUInt32LE(claimed, bytes.indexOf(Buffer.from('PK\x01\x02', 'latin1')) + 24);
    writeFileSync(path, bytes);
    await expect(readNpz(path)).rejects.toThrow(message);
  });

  it('or reads it, but nothing else, whatever bytes are changed', async () => {
    const path = join(temporaryFolder(), 'a.npz');
    const original = readFileSync(fixture('deflated.npz'));
    const random = createRandom('npz');
    let refused = 0;
    for (let round = 0; round < 300; round++) {
      const bytes = Uint8Array.from(original);
      for (let i = random.integer(3); i >= 0; i--) bytes[random.integer(bytes.length)] = random.integer(256);
      writeFileSync(path, bytes.subarray(0, random.integer(5) ? bytes.length : random.integer(bytes.length)));
      await readNpz(path).catch((error: unknown) => {
        if (!(error instanceof UsageError)) throw error;
        refused++;
      });
    }
    expect(refused).toBeGreaterThan(50);
  });
});
