/** Tags of TIFF 6.0 that settle how a file is read. */
const TAGS = { compression: 259, photometric: 262, orientation: 274 } as const;

/** Compressions that are read: none, CCITT, LZW, JPEG, deflate, PackBits. */
const COMPRESSIONS = [1, 2, 3, 4, 5, 7, 8, 32946, 32773];

/** Colours that are read: grey, RGB, palette, mask, CMYK. YCbCr is read in JPEG compression, which undoes it. */
const COLOURS = [0, 1, 2, 3, 4, 5];

const NAMES: Readonly<Record<number, string>> = {
  6: 'YCbCr',
  8: 'Lab',
  9: 'ICC Lab',
  10: 'ITU Lab',
  34925: 'LZMA',
  50000: 'Zstandard',
  50001: 'WebP',
  34712: 'JPEG 2000',
};

const named = (code: number): string => NAMES[code] ?? `number ${code}`;

/** Values of the first directory, by tag: the first of each, and all of those that say where pixels lie. */
type Directory = ReadonlyMap<number, readonly number[]>;

/** Offsets and lengths of strips and of tiles. */
const PLACES = [
  [273, 279],
  [324, 325],
] as const;

const ARRAYS: readonly number[] = PLACES.flat();

function firstDirectory(bytes: Uint8Array): Directory {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes[0] === 0x49;
  const values = new Map<number, readonly number[]>();
  const isBig = view.getUint16(2, little) === 43;
  const [at, size] = isBig
    ? [Number(view.getBigUint64(8, little)) + 8, 20]
    : [view.getUint32(4, little) + 2, 12];
  const count = isBig ? Number(view.getBigUint64(at - 8, little)) : view.getUint16(at - 2, little);
  for (let n = 0, entry = at; n < count && entry + size <= bytes.length; n++, entry += size) {
    const [tag, type] = [view.getUint16(entry, little), view.getUint16(entry + 2, little)];
    const width = { 3: 2, 16: 8 }[type] ?? 4;
    const inside = isBig ? 8 : 4;
    const many = isBig ? Number(view.getBigUint64(entry + 4, little)) : view.getUint32(entry + 4, little);
    const pointer = entry + 4 + inside;
    const outside = isBig ? Number(view.getBigUint64(pointer, little)) : view.getUint32(pointer, little);
    const first = many * width > inside ? outside : pointer;
    const read = (place: number) => {
      if (width === 8) return Number(view.getBigUint64(place, little));
      return width === 2 ? view.getUint16(place, little) : view.getUint32(place, little);
    };
    if (ARRAYS.includes(tag) && first + many * width > bytes.length)
      throw new RangeError('it ends too early');
    if (ARRAYS.includes(tag))
      values.set(
        tag,
        Array.from({ length: many }, (_, n) => read(first + n * width)),
      );
    else if (Object.values<number>(TAGS).includes(tag)) values.set(tag, [read(pointer)]);
  }
  return values;
}

/** The directory, empty where the file is too short for one: decoding tells that it is damaged. */
function readDirectory(bytes: Uint8Array): Directory {
  try {
    return firstDirectory(bytes);
  } catch (error) {
    if (error instanceof RangeError) return new Map();
    throw error;
  }
}

/** What a TIFF file is where it can't be read, since the library would give wrong colours without a word. */
export function tiffProblem(bytes: Uint8Array): string | undefined {
  const values = readDirectory(bytes);
  const compression = values.get(TAGS.compression)?.[0] ?? 1;
  const photometric = values.get(TAGS.photometric)?.[0] ?? 1;
  if (!COMPRESSIONS.includes(compression)) return `a TIFF picture in ${named(compression)} compression`;
  const isRead = COLOURS.includes(photometric) || (photometric === 6 && compression === 7);
  return isRead ? undefined : `a TIFF picture in ${named(photometric)} colours`;
}

/** Whether the picture is to be turned or mirrored, which Pillow does for TIFF alone. */
export const isTiffTurned = (bytes: Uint8Array): boolean =>
  (readDirectory(bytes).get(TAGS.orientation)?.[0] ?? 1) !== 1;

/** Whether pixels lie beyond the end of the file, which the library does not tell of those that are not compressed. */
export function isTiffCutOff(bytes: Uint8Array): boolean {
  const values = readDirectory(bytes);
  return PLACES.some(([offsets, lengths]) =>
    values.get(offsets)?.some((offset, n) => offset + (values.get(lengths)?.[n] ?? 0) > bytes.length),
  );
}
