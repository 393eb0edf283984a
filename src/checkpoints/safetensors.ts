import { UsageError } from '../base/errors.js';
import type { HostTensor } from '../base/hostTensor.js';
import { sizeOf } from '../base/hostTensor.js';
import { writeFileAtomically } from './atomicFile.js';
import { fileSource, memorySource, readPieces } from './byteSource.js';
import type { TensorEntry } from './elementTypes.js';
import { elementFormats, readElements } from './elementTypes.js';
import { toBfloat16, toFloat16 } from './float16.js';
import type { SafetensorsHeader } from './safetensorsHeader.js';
import { readSafetensorsHeader } from './safetensorsHeader.js';

/** An open safetensors file whose header was checked; tensors are read when they are asked for. */
export interface SafetensorsFile extends SafetensorsHeader {
  /** Reads one tensor; throws `UsageError` where there is none of that name or an integer leaves int32. */
  read(name: string): HostTensor;
  /** The tensor's bytes as they lie in the file, in pieces. */
  pieces(name: string): Iterable<Uint8Array>;
  close(): void;
}

/**
 * Opens a safetensors file or bytes that hold one; throws `UsageError` with all that is wrong with it.
 * @param name how messages call bytes
 */
export function openSafetensors(input: string | Uint8Array, name?: string): SafetensorsFile {
  const source = typeof input === 'string' ? fileSource(input) : memorySource(input, name);
  const entryOf = (header: SafetensorsHeader, name: string): TensorEntry => {
    const entry = header.tensors.get(name);
    if (!entry) throw new UsageError({ file: source.name, message: `no tensor ${JSON.stringify(name)}` });
    return entry;
  };
  try {
    const header = readSafetensorsHeader(source);
    return {
      ...header,
      read: (name) => readElements(source, entryOf(header, name), name),
      pieces: (name) => {
        const { begin, end } = entryOf(header, name);
        return readPieces(source, begin, end);
      },
      close: source.close,
    };
  } catch (error) {
    source.close();
    throw error;
  }
}

/** Reads every tensor of a safetensors file or of bytes that hold one; throws `UsageError` as `openSafetensors`. */
export function readSafetensors(input: string | Uint8Array, name?: string): Map<string, HostTensor> {
  const file = openSafetensors(input, name);
  try {
    return new Map([...file.tensors.keys()].map((name) => [name, file.read(name)]));
  } finally {
    file.close();
  }
}

/** How float32 tensors are written. */
type FloatType = 'F32' | 'F16' | 'BF16';

export interface SafetensorsOptions {
  /** Texts kept in the header. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Tensors to round to a half width; F32 where nothing is said. */
  readonly dtypes?: (name: string) => FloatType;
}

interface Slot {
  readonly name: string;
  readonly tensor: HostTensor;
  readonly type: FloatType | 'I32';
}

const byName = (a: string, b: string) => (a < b ? -1 : Number(a > b));

/** Wide elements first, so that each tensor starts at a multiple of its element's width; then by name. */
function layOut(tensors: ReadonlyMap<string, HostTensor>, { dtypes }: SafetensorsOptions): Slot[] {
  const slots = [...tensors].map(([name, tensor]): Slot => {
    if (name === '__metadata__') throw new Error('a tensor cannot be called __metadata__');
    if (sizeOf(tensor.shape) !== tensor.data.length) {
      throw new Error(
        `tensor ${name}: ${tensor.data.length} values for the shape [${tensor.shape.join(', ')}]`,
      );
    }
    return { name, tensor, type: tensor.dtype === 'int32' ? 'I32' : (dtypes?.(name) ?? 'F32') };
  });
  const width = ({ type }: Slot) => elementFormats[type].width;
  return slots.sort((a, b) => width(b) - width(a) || byName(a.name, b.name));
}

/** The length of the header and the header, padded so that the data start at a multiple of 8. */
function encodeHeader(slots: readonly Slot[], metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  let end = 0;
  const members = slots.map(({ name, tensor, type }) => {
    const begin = end;
    end += tensor.data.length * elementFormats[type].width;
    return `${JSON.stringify(name)}:${JSON.stringify({ dtype: type, shape: tensor.shape, data_offsets: [begin, end] })}`;
  });
  const texts = Object.entries(metadata).sort(([a], [b]) => byName(a, b));
  if (texts.length > 0) members.unshift(`"__metadata__":${JSON.stringify(Object.fromEntries(texts))}`);
  const header = Buffer.from(`{${members.join(',')}}`);
  const bytes = Buffer.alloc(8 + Math.ceil(header.length / 8) * 8, ' ');
  bytes.writeBigUInt64LE(BigInt(bytes.length - 8), 0);
  header.copy(bytes, 8);
  return bytes;
}

function encodeValues({ tensor, type }: Slot): Uint8Array {
  const halves = { F16: toFloat16, BF16: toBfloat16 };
  const narrowed =
    type === 'F16' || type === 'BF16' ? halves[type](tensor.data as Float32Array) : tensor.data;
  return new Uint8Array(narrowed.buffer, narrowed.byteOffset, narrowed.byteLength);
}

function* encode(
  tensors: ReadonlyMap<string, HostTensor>,
  options: SafetensorsOptions,
): Generator<Uint8Array> {
  const slots = layOut(tensors, options);
  yield encodeHeader(slots, options.metadata);
  for (const slot of slots) yield encodeValues(slot);
}

/** Writes a safetensors file, whole or not at all; the same tensors and options give the same bytes. */
export function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, HostTensor>,
  options: SafetensorsOptions = {},
): void {
  writeFileAtomically(path, encode(tensors, options));
}
