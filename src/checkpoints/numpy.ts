import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import type { Entry, Options, ZipFile } from 'yauzl';
import yauzl from 'yauzl';
import { UsageError } from '../base/errors.js';
import type { HostTensor } from '../base/hostTensor.js';
import { sizeOf } from '../base/hostTensor.js';
import type { ByteSource } from './byteSource.js';
import { fileSource, memorySource } from './byteSource.js';
import type { ElementType } from './elementTypes.js';
import { elementFormats, isShape, readElements } from './elementTypes.js';

// of yauzl 3, whose declarations are still those of version 2
declare module 'yauzl' {
  function openPromise(path: string, options: Options): Promise<ZipFile>;
  interface ZipFile {
    eachEntry(): AsyncIterable<Entry>;
    openReadStreamPromise(entry: Entry): Promise<Readable>;
  }
}

/** Largest header that is read, bytes; those of plain arrays have about a hundred. */
const LARGEST_HEADER = 65_536;

/** Most that the arrays of one archive may take unpacked, bytes. */
const LARGEST_ARCHIVE = 2 ** 30;

/** The most that deflate can grow a byte. */
const LARGEST_RATIO = 1032;

/** NumPy's codes for little-endian elements. */
const elementTypes: ReadonlyMap<string | undefined, ElementType> = new Map([
  ['<f2', 'F16'],
  ['<f4', 'F32'],
  ['<f8', 'F64'],
  ['<i2', 'I16'],
  ['<i4', 'I32'],
  ['<i8', 'I64'],
  ['<u2', 'U16'],
  ['<u4', 'U32'],
  ['|i1', 'I8'],
  ['|u1', 'U8'],
  ['|b1', 'BOOL'],
]);

interface ArrayHeader {
  /** NumPy's code, or undefined for a record. */
  readonly code: string | undefined;
  readonly fortran: boolean;
  readonly shape: readonly number[];
  /** First byte of the elements. */
  readonly begin: number;
}

/** The dictionary that NumPy writes, `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`; never evaluated. */
function parseDictionary(text: string): Omit<ArrayHeader, 'begin'> | undefined {
  const code = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const dimensions = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(text)?.[1];
  if (order === undefined || dimensions === undefined) return undefined;
  const shape = dimensions
    .split(',')
    .filter((part) => part.trim() !== '')
    .map(Number);
  return isShape(shape) ? { code, fortran: order === 'True', shape } : undefined;
}

function readHeader(source: ByteSource): ArrayHeader {
  const refuse = (message: string) => new UsageError({ file: source.name, message });
  const prefix = new Uint8Array(Math.min(12, source.size));
  source.read(prefix, 0);
  if (prefix.length < 12 || Buffer.from(prefix.subarray(0, 6)).toString('latin1') !== '\x93NUMPY') {
    throw refuse('this is not an array of NumPy');
  }
  const view = new DataView(prefix.buffer);
  const [start, length] = prefix[6] === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  if (length > LARGEST_HEADER)
    throw refuse(`a header of ${length} bytes, at most ${LARGEST_HEADER} are read`);
  if (start + length > source.size) throw refuse('the header ends beyond the file');
  const bytes = new Uint8Array(length);
  source.read(bytes, start);
  const dictionary = parseDictionary(Buffer.from(bytes).toString('latin1'));
  if (!dictionary) throw refuse('the header is malformed');
  return { ...dictionary, begin: start + length };
}

/** The same array, its elements put from column-major into row-major order. */
function toRowMajor(columns: HostTensor): HostTensor {
  const { shape, data } = columns;
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
  const rows = data.slice();
  const index = shape.map(() => 0);
  for (let i = 0; i < rows.length; i++) {
    rows[i] = data[index.reduce((sum, n, axis) => sum + n * strides[axis]!, 0)]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
  return { ...columns, data: rows } as HostTensor;
}

function readArray(source: ByteSource): HostTensor {
  const { code, fortran, shape, begin } = readHeader(source);
  const dtype = elementTypes.get(code);
  if (!dtype) {
    const message = `its elements (${code ?? 'a record'}) are not read`;
    throw new UsageError({
      file: source.name,
      message,
      expected: `one of ${[...elementTypes.keys()].join(' ')}`,
    });
  }
  const end = begin + sizeOf(shape) * elementFormats[dtype].width;
  if (end !== source.size) {
    const message = `${dtype} [${shape.join(', ')}] makes ${end} bytes, there are ${source.size}`;
    throw new UsageError({ file: source.name, message });
  }
  const tensor = readElements(source, { dtype, shape, begin, end }, basename(source.name, '.npy'));
  return fortran ? toRowMajor(tensor) : tensor;
}

/** Reads a `.npy` file; throws `UsageError` where it is malformed, big-endian, or holds objects (pickles) or records. */
export function readNpy(path: string): HostTensor {
  const source = fileSource(path);
  try {
    return readArray(source);
  } finally {
    source.close();
  }
}

/** Unpacks one member into memory of the size that it claims; yauzl stops where there is more or less. */
async function unpack(archive: ZipFile, entry: Entry): Promise<Uint8Array> {
  if (entry.uncompressedSize > LARGEST_RATIO * (entry.compressedSize + 1)) {
    throw new Error(`${entry.fileName} claims ${entry.uncompressedSize} bytes and cannot hold them`);
  }
  const stream = await archive.openReadStreamPromise(entry); // refuses a compressedSize beyond the file
  const bytes = new Uint8Array(entry.uncompressedSize);
  let filled = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    bytes.set(chunk, filled);
    filled += chunk.length;
  }
  return bytes;
}

/** The members' names and unpacked bytes; whatever the archive's reader throws becomes a `UsageError`. */
async function* readMembers(path: string): AsyncGenerator<[name: string, bytes: Uint8Array]> {
  try {
    let total = 0;
    const archive = await yauzl.openPromise(path, { lazyEntries: true, strictFileNames: true });
    for await (const entry of archive.eachEntry()) {
      if (!entry.fileName.endsWith('.npy')) continue;
      total += entry.uncompressedSize;
      if (total > LARGEST_ARCHIVE)
        throw new Error(`its arrays take more than ${LARGEST_ARCHIVE} bytes unpacked`);
      yield [entry.fileName, await unpack(archive, entry)];
    }
  } catch (error) {
    throw new UsageError({ file: path, message: `this archive can't be read: ${(error as Error).message}` });
  }
}

/**
 * Reads the arrays of a `.npz` archive by name. Arrays of objects, which hold pickles, are left out; throws
 * `UsageError` where the archive or an array is malformed, or all together are larger than 1 GiB.
 */
export async function readNpz(path: string): Promise<Map<string, HostTensor>> {
  const tensors = new Map<string, HostTensor>();
  for await (const [name, bytes] of readMembers(path)) {
    const source = memorySource(bytes, `${path}/${name}`);
    if (readHeader(source).code !== '|O') tensors.set(name.slice(0, -'.npy'.length), readArray(source));
  }
  return tensors;
}
