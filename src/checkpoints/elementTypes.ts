import { UsageError } from '../base/errors.js';
import type { HostTensor } from '../base/hostTensor.js';
import { float32, int32, sizeOf } from '../base/hostTensor.js';
import type { ByteSource } from './byteSource.js';
import { readPieces } from './byteSource.js';
import { fromBfloat16, fromFloat16 } from './float16.js';

/** How the elements of a tensor lie in a file, and what they become in memory. */
export interface ElementFormat {
  /** Bytes of one element. */
  readonly width: number;
  /** What the tensor is in memory. */
  readonly dtype: HostTensor['dtype'];
  /** The numbers in a piece of the file that holds whole elements. */
  readonly decode: (bytes: ArrayBuffer) => ArrayLike<number>;
}

/** An integer that int32 cannot hold. */
class TooLarge extends Error {}

function narrow(value: number | bigint): number {
  const result = Number(value);
  if (result !== (result | 0)) throw new TooLarge(`${value}`);
  return result;
}

const format = (
  width: number,
  dtype: HostTensor['dtype'],
  decode: ElementFormat['decode'],
): ElementFormat => ({ width, dtype, decode });

/** The element types that are read, by their safetensors names; halves and float64 become float32, integers int32. */
export const elementFormats = {
  F32: format(4, 'float32', (bytes) => new Float32Array(bytes)),
  F16: format(2, 'float32', (bytes) => fromFloat16(new Uint16Array(bytes))),
  BF16: format(2, 'float32', (bytes) => fromBfloat16(new Uint16Array(bytes))),
  F64: format(8, 'float32', (bytes) => new Float64Array(bytes)),
  I64: format(8, 'int32', (bytes) => Array.from(new BigInt64Array(bytes), narrow)),
  U32: format(4, 'int32', (bytes) => Array.from(new Uint32Array(bytes), narrow)),
  I32: format(4, 'int32', (bytes) => new Int32Array(bytes)),
  I16: format(2, 'int32', (bytes) => new Int16Array(bytes)),
  U16: format(2, 'int32', (bytes) => new Uint16Array(bytes)),
  I8: format(1, 'int32', (bytes) => new Int8Array(bytes)),
  U8: format(1, 'int32', (bytes) => new Uint8Array(bytes)),
  BOOL: format(1, 'int32', (bytes) => new Uint8Array(bytes)),
} as const satisfies Record<string, ElementFormat>;

/** A safetensors element type that is read. */
export type ElementType = keyof typeof elementFormats;

/** Whether this name of an element type is one that is read. */
export const isElementType = (name: unknown): name is ElementType =>
  typeof name === 'string' && Object.hasOwn(elementFormats, name);

/** Where a tensor's elements lie in a file, row-major and little-endian. */
export interface TensorEntry {
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  /** First byte, counted from the start of the file. */
  readonly begin: number;
  /** One past the last byte. */
  readonly end: number;
}

/** Types whose bytes in a file are those in memory: every machine that runs Node is little-endian. */
const AS_THEY_LIE: ReadonlySet<ElementType> = new Set(['F32', 'I32']);

/** Reads one tensor whose place was checked; throws `UsageError` that names it where an integer leaves int32. */
export function readElements(source: ByteSource, entry: TensorEntry, name: string): HostTensor {
  const { width, dtype, decode }: ElementFormat = elementFormats[entry.dtype];
  const tensor = dtype === 'float32' ? float32(entry.shape) : int32(entry.shape);
  if (AS_THEY_LIE.has(entry.dtype)) {
    const { buffer, byteOffset, byteLength } = tensor.data;
    source.read(new Uint8Array(buffer, byteOffset, byteLength), entry.begin);
    return tensor;
  }
  let filled = 0;
  try {
    for (const piece of readPieces(source, entry.begin, entry.end)) {
      tensor.data.set(decode(piece.buffer), filled);
      filled += piece.length / width;
    }
  } catch (error) {
    if (!(error instanceof TooLarge)) throw error;
    const message = `the ${entry.dtype} value ${error.message} does not fit in int32`;
    throw new UsageError({ file: source.name, where: `tensor ${JSON.stringify(name)}`, message });
  }
  return tensor;
}

/** A tensor whose elements are read when they are looked at. */
export function readLater({ dtype, shape }: TensorEntry, read: () => HostTensor): HostTensor {
  let found: HostTensor['data'] | undefined;
  return {
    dtype: elementFormats[dtype].dtype,
    shape,
    get data() {
      found ??= read().data;
      return found;
    },
  } as HostTensor;
}

/** Whether these are whole numbers from 0 on that JavaScript holds exactly. */
export const areCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);

/** Most dimensions of an array, as in NumPy 2. */
const MOST_DIMENSIONS = 64;

/** Whether these are dimensions: not too many counts whose product is exact. */
export const isShape = (value: unknown): value is number[] =>
  areCounts(value) &&
  value.length <= MOST_DIMENSIONS &&
  Number.isSafeInteger(sizeOf(value.filter((n) => n > 0)));
