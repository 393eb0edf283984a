import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import type { HostTensor } from '../../src/base/hostTensor.js';
import { float32, int32 } from '../../src/base/hostTensor.js';
import { createRandom } from '../../src/base/random.js';
import { openSafetensors, readSafetensors, writeSafetensors } from '../../src/checkpoints/safetensors.js';
import { readTensors } from '../parity/readParity.js';
import { fixture, temporaryFolder } from './fixture.js';

/** Bytes with this header text and this many bytes of data. */
function fileOf(header: string | object, dataSize: number, headerLength?: number): Uint8Array {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(headerLength ?? text.length));
  return Buffer.concat([prefix, text, Buffer.alloc(dataSize)]);
}

const entry = (shape: unknown, begin: unknown, end: unknown, dtype: unknown = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

const problemsOf = (bytes: Uint8Array): string => {
  try {
    readSafetensors(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).message;
  }
  return 'no error';
};

describe('reading safetensors', () => {
  it('gives what numpy meant, for every element type', () => {
    const tensors = readSafetensors(fixture('element_types.safetensors'));
    const names = [...tensors.keys()].filter((name) => !name.startsWith('expected.'));
    expect(names).toHaveLength(14);
    for (const name of names) expect(tensors.get(name), name).toEqual(tensors.get(`expected.${name}`));
    expect(tensors.get('f16')?.dtype).toBe('float32');
    expect(tensors.get('bool')?.dtype).toBe('int32');
    expect(tensors.get('scalar')).toEqual(float32([], Float32Array.of(2.5)));
    expect(tensors.get('empty')).toEqual(float32([0, 4]));
  });

  it('gives the metadata, and one tensor at a time', () => {
    const file = openSafetensors(fixture('element_types.safetensors'));
    expect(file.metadata).toEqual({ läufer: 'é' });
    expect(file.tensors.get('i16')).toMatchObject({ dtype: 'I16', shape: [2, 3] });
    expect(file.read('i16').data).toEqual(Int32Array.of(0, -1, 7, -100, 3, 127));
    expect(() => file.read('i17')).toThrow(/no tensor "i17"/);
    file.close();
  });

  it('is the same from bytes', () => {
    const path = fixture('element_types.safetensors');
    expect(readSafetensors(readFileSync(path))).toEqual(readSafetensors(path));
  });

  it('refuses an int64 that int32 cannot hold, by name', () => {
    expect(() => readSafetensors(fixture('too_large.safetensors'))).toThrow(
      /too_large.safetensors tensor "ids": the I64 value 2147483648 does not fit in int32/,
    );
  });

  it('reads tensors far into a large file', () => {
    const path = join(temporaryFolder(), 'large.safetensors');
    const half = 2 ** 28;
    const header = {
      a: entry([half], 0, half, 'U8'),
      b: entry([2], half, half + 8),
      c: entry([half], half + 8, 2 * half + 8, 'U8'),
    };
    writeFileSync(path, fileOf(header, 0));
    truncateSync(path, statSync(path).size + 2 * half + 8); // sparse: takes no room on the disk
    const file = openSafetensors(path);
    expect(file.read('b')).toEqual(float32([2]));
    file.close();
  });

  it('says when there is no such file', () => {
    expect(() => readSafetensors('/nowhere/a.safetensors')).toThrow('/nowhere/a.safetensors: no such file');
    expect(() => readSafetensors(temporaryFolder())).toThrow(UsageError);
  });
});

describe('a malformed safetensors file is refused', () => {
  const good = { a: entry([2], 0, 8), b: entry([1], 8, 12) };

  it('but not the one that the others are made from', () => {
    expect(problemsOf(fileOf(good, 12))).toBe('no error');
    expect(problemsOf(fileOf('{}', 0))).toBe('no error');
    expect(problemsOf(fileOf({ z: entry([0, 3], 0, 0), a: entry([1], 0, 4) }, 4))).toBe('no error');
  });

  it.each([
    ['no bytes', new Uint8Array(0), /0 bytes are too few/],
    ['seven bytes', new Uint8Array(7), /7 bytes are too few/],
    ['a header beyond the file', fileOf('{}', 0, 3), /cut off: the header of 3 bytes ends beyond the file/],
    ['a header of more than 100 MB', fileOf('{}', 0, 100_000_001), /at most 100000000/],
    ['a header of 2^63 bytes', fileOf('{}', 0, 2 ** 63), /header of 9223372036854775808 bytes/],
    ['a header that is not JSON', fileOf('{"a":', 0), /not a JSON object/],
    ['a header that is a list', fileOf('[]', 0), /not a JSON object/],
    ['a header that begins with a space', fileOf(' {}', 0), /not a JSON object/],
    [
      'a header that is not UTF-8',
      fileOf('{"~":1}', 0).map((byte) => (byte === 0x7e ? 0xff : byte)),
      /not UTF-8/,
    ],
    ['a deep header', fileOf('['.repeat(1e6), 0), /not a JSON object/],
    ['deep but valid JSON', fileOf(`{"a":${'['.repeat(1e5)}${']'.repeat(1e5)}}`, 0), /"a": its entry/],
    ['metadata that are not texts', fileOf({ __metadata__: { a: 1 } }, 0), /not a map of texts/],
    ['an entry that is null', fileOf({ a: null }, 0), /"a": its entry is not an object/],
    ['an unknown dtype', fileOf({ a: entry([1], 0, 4, 'F31') }, 4), /dtype "F31"; one of F32, /],
    ['a dtype of the prototype', fileOf({ a: entry([1], 0, 4, 'toString') }, 4), /dtype "toString"/],
    ['no dtype', fileOf({ a: { shape: [], data_offsets: [0, 4] } }, 4), /dtype missing/],
    ['a negative dimension', fileOf({ a: entry([-2, -1], 0, 8) }, 8), /"a": its shape/],
    ['a fraction as dimension', fileOf({ a: entry([0.5], 0, 2) }, 2), /"a": its shape/],
    ['a shape that is text', fileOf({ a: entry('2', 0, 8) }, 8), /"a": its shape/],
    ['a huge dimension', fileOf({ a: entry([2 ** 53], 0, 8) }, 8), /"a": its shape/],
    ['dimensions whose product is huge', fileOf({ a: entry([2 ** 30, 2 ** 30], 0, 8) }, 8), /"a": its shape/],
    ['huge dimensions hidden by a zero', fileOf({ a: entry([2 ** 40, 2 ** 40, 0], 0, 0) }, 0), /its shape/],
    ['a large tensor in a small file', fileOf({ a: entry([2 ** 40], 0, 2 ** 42) }, 8), /beyond the 8 bytes/],
    ['too few bytes for the shape', fileOf({ a: entry([3], 0, 8) }, 8), /F32 \[3\] takes 12 bytes/],
    ['offsets in the wrong order', fileOf({ a: entry([2], 8, 0) }, 8), /data_offsets are not/],
    ['one offset', fileOf({ a: { dtype: 'F32', shape: [1], data_offsets: [0] } }, 4), /data_offsets are not/],
    ['negative offsets', fileOf({ a: entry([2], -8, 0) }, 8), /data_offsets are not/],
    [
      'overlapping tensors',
      fileOf({ a: entry([2], 0, 8), b: entry([2], 4, 12) }, 12),
      /"b": its data overlap/,
    ],
    ['a gap', fileOf({ a: entry([1], 0, 4), b: entry([1], 8, 12) }, 12), /"b": a gap of 4 bytes/],
    ['a gap at the start', fileOf({ a: entry([1], 4, 8) }, 8), /"a": a gap of 4 bytes/],
    ['bytes after the last tensor', fileOf(good, 15), /3 bytes after the last tensor/],
    ['a cut file', fileOf(good, 11), /"b": it is cut off: its data end at 12, beyond the 11 bytes/],
    [
      'a name that stands twice',
      fileOf(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0061" : {"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        4,
      ),
      /tensor "a" stands there twice/,
    ],
  ])('%s', (_, bytes, message) => {
    expect(problemsOf(bytes)).toMatch(message);
  });

  it('with everything that is wrong at once', () => {
    const message = problemsOf(fileOf({ a: entry([3], 0, 8), b: entry([1], 8, 12, 'X') }, 12));
    expect(message.split('\n')).toHaveLength(2);
  });

  it('or read, but never anything else, whatever bytes are changed', () => {
    const original = readFileSync(fixture('element_types.safetensors'));
    const random = createRandom('safetensors');
    let refused = 0;
    for (let round = 0; round < 3000; round++) {
      const bytes = Uint8Array.from(
        original.subarray(0, random.integer(4) ? original.length : random.integer(original.length)),
      );
      for (let i = random.integer(4); i >= 0; i--)
        bytes[random.integer(Math.min(bytes.length, 1600))] = random.integer(256);
      try {
        readSafetensors(bytes);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(1000);
  });
});

describe('writing safetensors', () => {
  const tensors = new Map<string, HostTensor>([
    ['z', float32([2, 2], Float32Array.of(1, -0, Number.NaN, Number.POSITIVE_INFINITY))],
    ['a', int32([3], Int32Array.of(1, -2, 2 ** 31 - 1))],
    ['__proto__', float32([], Float32Array.of(3))],
    ['empty', float32([0, 5])],
  ]);

  it('gives back bit for bit what was written', () => {
    const path = join(temporaryFolder(), 'a.safetensors');
    writeSafetensors(path, tensors, { metadata: { format: 'pt', __proto__x: 'é' } });
    const file = openSafetensors(path);
    expect(file.metadata).toEqual({ format: 'pt', __proto__x: 'é' });
    expect([...file.tensors.keys()]).toEqual(['__proto__', 'a', 'empty', 'z']);
    for (const [name, tensor] of tensors) expect(file.read(name)).toEqual(tensor);
    expect(Object.is(file.read('z').data[1], -0)).toBe(true);
    file.close();
  });

  it('writes the same bytes in whatever order the tensors come', () => {
    const folder = temporaryFolder();
    writeSafetensors(join(folder, 'a'), tensors, { metadata: { b: '1', a: '2' } });
    writeSafetensors(join(folder, 'b'), new Map([...tensors].reverse()), { metadata: { a: '2', b: '1' } });
    expect(readFileSync(join(folder, 'a'))).toEqual(readFileSync(join(folder, 'b')));
  });

  it('aligns the data and every tensor in it to its element', () => {
    const path = join(temporaryFolder(), 'a.safetensors');
    const dtypes = (name: string) => (name === 'half' ? 'F16' : 'F32');
    writeSafetensors(
      path,
      new Map([
        ['half', float32([3])],
        ['whole', float32([1])],
      ]),
      { dtypes },
    );
    const { tensors: places, close } = openSafetensors(path);
    expect(places.get('whole')!.begin % 8).toBe(0);
    expect(places.get('half')!.begin % 2).toBe(0);
    close();
  });

  it('rounds halves as numpy and ml_dtypes do', () => {
    const { values, ...expected } = Object.fromEntries(readSafetensors(fixture('rounding.safetensors')));
    const path = join(temporaryFolder(), 'a.safetensors');
    for (const [type, name] of [
      ['F16', 'float16'],
      ['BF16', 'bfloat16'],
    ] as const) {
      writeSafetensors(path, new Map([['values', values!]]), { dtypes: () => type });
      const file = openSafetensors(path);
      const patterns = new Uint16Array(Uint8Array.from(Buffer.concat([...file.pieces('values')])).buffer);
      file.close();
      expect(Int32Array.from(patterns)).toEqual(expected[name]!.data);
    }
  });

  it('reads all 65,536 float16 patterns by their definition, and writes them back', () => {
    const path = join(temporaryFolder(), 'a.safetensors');
    const patterns = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const header = fileOf({ h: entry([65536], 0, 131072, 'F16') }, 0);
    const halves = readSafetensors(Buffer.concat([header, Buffer.from(patterns.buffer)])).get('h')!;
    patterns.forEach((pattern, i) => {
      const [exponent, fraction] = [(pattern >> 10) & 31, pattern & 1023];
      const size =
        exponent === 31
          ? fraction
            ? Number.NaN
            : Number.POSITIVE_INFINITY
          : exponent
            ? 2 ** (exponent - 15) * (1 + fraction / 1024)
            : 2 ** -14 * (fraction / 1024);
      if (!Object.is(halves.data[i], pattern >> 15 ? -size : size))
        expect.fail(`pattern ${pattern} became ${halves.data[i]}`);
    });
    writeSafetensors(path, new Map([['h', halves]]), { dtypes: () => 'F16' });
    expect(readSafetensors(path).get('h')).toEqual(halves);
  });

  it('leaves the old file and nothing else where writing fails', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'a.safetensors');
    writeSafetensors(path, tensors);
    const before = readFileSync(path);
    expect(() => writeSafetensors(path, new Map([['a', float32([3], new Float32Array(2))]]))).toThrow(
      /2 values/,
    );
    expect(() => writeSafetensors(path, new Map([['__metadata__', float32([1])]]))).toThrow(/__metadata__/);
    expect(readFileSync(path)).toEqual(before);
    mkdirSync(join(folder, 'taken'));
    writeFileSync(join(folder, 'taken', 'x'), '');
    expect(() => writeSafetensors(join(folder, 'taken'), tensors)).toThrow();
    expect(readdirSync(folder).sort()).toEqual(['a.safetensors', 'taken']);
    expect(() => writeSafetensors(join(folder, 'no', 'a'), tensors)).toThrow();
    expect(existsSync(join(folder, 'no'))).toBe(false);
  });

  it('is what Python wrote, tensor by tensor, after reading and writing', () => {
    const original = readTensors('BertModel', 'model.safetensors');
    const path = join(temporaryFolder(), 'a.safetensors');
    writeSafetensors(path, original);
    expect(readSafetensors(path)).toEqual(new Map([...original].sort(([a], [b]) => (a < b ? -1 : 1))));
  });
});
