import type { PlainPicture } from './plainPicture.js';

/** Microsoft's BITMAPINFOHEADER and its successors, or OS/2's BITMAPCOREHEADER of 12 bytes. */
interface Header {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly isTopDown: boolean;
  /** Where the pixels begin. */
  readonly pixels: number;
  /** Blue, green, red of each entry begin at a multiple of `entry` after `palette`. */
  readonly palette: number;
  readonly entry: number;
  readonly colours: number;
  /** Bit masks of red, green and blue of pixels of 16 and 32 bits. */
  readonly masks: readonly number[];
}

const SIZES = [12, 40, 52, 56, 64, 108, 124];
const BITS = [1, 4, 8, 16, 24, 32];

/** Bit masks where a file gives none. */
const usualMasks = (bits: number) => (bits === 16 ? [0x7c00, 0x3e0, 0x1f] : [0xff0000, 0xff00, 0xff]);

function readHeader(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const size = view.getUint32(14, true);
  if (!SIZES.includes(size)) throw new RangeError(`its header has ${size} bytes`);
  const isOld = size === 12;
  const tall = isOld ? view.getUint16(20, true) : view.getInt32(22, true);
  const bits = view.getUint16(isOld ? 24 : 28, true);
  const compression = isOld ? 0 : view.getUint32(30, true);
  if (!BITS.includes(bits)) throw new RangeError(`its pixels have ${bits} bits`);
  if (compression === 1 || compression === 2)
    throw new RangeError('it is run-length encoded, which is not read');
  if (compression !== 0 && compression !== 3) throw new RangeError(`compression ${compression} is not read`);
  const hasMasks = compression === 3;
  if (hasMasks && size >= 56 && view.getUint32(66, true) !== 0)
    throw new RangeError('its transparency is not read');
  return {
    width: isOld ? view.getUint16(18, true) : view.getInt32(18, true),
    height: Math.abs(tall),
    bits,
    isTopDown: tall < 0,
    pixels: view.getUint32(10, true),
    palette: 14 + size,
    entry: isOld ? 3 : 4,
    colours: (isOld ? 0 : view.getUint32(46, true)) || 2 ** Math.min(bits, 8),
    masks: hasMasks ? [54, 58, 62].map((at) => view.getUint32(at, true)) : usualMasks(bits),
  };
}

/** A pixel's value under a mask, stretched to 8 bits as Pillow stretches 5 and 6 bits. */
function channelOf(mask: number): (pixel: number) => number {
  const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
  const most = mask >>> shift;
  if (most !== 31 && most !== 63 && most !== 255) throw new RangeError('its bit masks are not read');
  return (pixel) => Math.floor((((pixel & mask) >>> shift) * 255) / most);
}

type Colour = (row: number, x: number) => readonly [number, number, number];

/** Pixels that are numbers of colours. */
function fromPalette(bytes: Uint8Array, { bits, palette, entry, colours }: Header): Colour {
  const perByte = 8 / bits;
  return (row, x) => {
    const shift = 8 - bits * ((x % perByte) + 1);
    const index = (bytes[row + Math.floor(x / perByte)]! >> shift) & (2 ** bits - 1);
    if (index >= colours) return [0, 0, 0];
    const at = palette + index * entry;
    return [bytes[at + 2]!, bytes[at + 1]!, bytes[at]!];
  };
}

/** Pixels of 16 or 32 bits. */
function fromMasks(bytes: Uint8Array, { bits, masks }: Header): Colour {
  const [red, green, blue] = masks.map(channelOf) as [
    ReturnType<typeof channelOf>,
    ReturnType<typeof channelOf>,
    ReturnType<typeof channelOf>,
  ];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (row, x) => {
    const pixel = bits === 16 ? view.getUint16(row + 2 * x, true) : view.getUint32(row + 4 * x, true);
    return [red(pixel), green(pixel), blue(pixel)];
  };
}

function colourOf(bytes: Uint8Array, header: Header): Colour {
  if (header.bits <= 8) return fromPalette(bytes, header);
  if (header.bits !== 24) return fromMasks(bytes, header);
  return (row, x) => [bytes[row + 3 * x + 2]!, bytes[row + 3 * x + 1]!, bytes[row + 3 * x]!];
}

/** Opens a BMP file that is not compressed; throws RangeError as `decode`. */
export function openBmp(bytes: Uint8Array): PlainPicture {
  const header = readHeader(bytes);
  const { width, height, bits, pixels, isTopDown } = header;
  if (width < 1 || height < 1) throw new RangeError(`it has ${width} x ${height} pixels`);
  const stride = Math.floor((width * bits + 31) / 32) * 4;
  const decode = () => {
    if (pixels + (height - 1) * stride + Math.ceil((width * bits) / 8) > bytes.length)
      throw new RangeError('it ends too early');
    const colour = colourOf(bytes, header);
    const output = new Uint8Array(3 * width * height);
    for (let y = 0, to = 0; y < height; y++) {
      const row = pixels + (isTopDown ? y : height - 1 - y) * stride;
      for (let x = 0; x < width; x++, to += 3) output.set(colour(row, x), to);
    }
    return output;
  };
  return { width, height, decode };
}
