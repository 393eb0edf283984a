import { readFile, stat } from 'node:fs/promises';
import type { Sharp } from 'sharp';
import { UsageError } from '../base/errors.js';
import { threadCount } from '../system/threads.js';
import { openBmp } from './bmp.js';
import { withoutTransparency } from './gifTransparency.js';
import type { Image, PixelRectangle } from './image.js';
import { createLimiter, type Limiter } from './limiter.js';
import { type PictureFormat, recognise } from './pictureFormat.js';
import { decodeCmyk, decodeGrey16, onWhite } from './pillowColours.js';
import { openPnm } from './pnm.js';
import { resizeCrop } from './resizeCrop.js';
import { sharp } from './sharp.js';
import { isTiffCutOff, isTiffTurned } from './tiffHeader.js';

export interface DecodeOptions {
  /** Pixels at most, checked before they are decoded; default 100 million (300 MB decoded). */
  readonly maxPixels?: number;
  /** `drop` (default) forgets transparency, as Pillow's `convert('RGB')` does; `white` lays the picture on white first. */
  readonly transparency?: 'drop' | 'white';
}

/** Largest file that is read, bytes. */
const LARGEST_FILE = 1 << 29;

/** Pixels of a picture at most: 300 MB decoded. */
export const MOST_PIXELS = 100_000_000;

const refuse = (file: string, message: string, expected?: string) =>
  new UsageError({ file, message, ...(expected && { expected }) });

/** The bytes of a picture file; throws UsageError where there are none, or far too many. */
async function readPictureFile(path: string): Promise<Buffer> {
  const status = await stat(path).catch(() => undefined);
  if (!status) throw refuse(path, 'no such picture');
  if (!status.isFile()) throw refuse(path, 'this is not a file', READ);
  if (status.size === 0) throw refuse(path, 'the picture is empty (0 bytes)', 'copy it again');
  if (status.size > LARGEST_FILE)
    throw refuse(path, `the picture has ${status.size} bytes`, 'at most 512 MiB');
  return readFile(path);
}

const READ = 'a JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP, PBM, PGM or PPM file';

/** What went wrong in libvips, in words; the library tells it by message only. */
function explain(path: string, error: unknown, maxPixels: number): UsageError {
  if (error instanceof UsageError) return error;
  const message = (error as Error).message;
  if (error instanceof RangeError)
    return refuse(path, `the picture can't be read: ${message}`, 'copy it again');
  if (message.includes('pixel limit')) return refuse(path, `the picture has more than ${maxPixels} pixels`);
  return refuse(path, 'the picture is damaged or cut off', 'copy it again');
}

let inTurn: Limiter | undefined;

/** Decodes no more pictures at a time than the engine has threads: more would only take turns with each other. */
function whenFree<T>(work: () => Promise<T>): Promise<T> {
  inTurn ??= createLimiter(threadCount());
  return inTurn(work);
}

/** A picture file whose size is known and whose pixels are not decoded yet. */
interface OpenedPicture extends Pick<Image, 'width' | 'height'> {
  /** [height, width, 3]. */
  decode(transparency: 'drop' | 'white'): Promise<Uint8Array>;
  /** For what is shown to people. */
  readonly shown: () => Sharp;
}

/** BMP and the formats of Netpbm, which the library does not read. */
function openPlain(bytes: Buffer, format: 'bmp' | 'pnm', maxPixels: number): OpenedPicture {
  const { width, height, decode } = format === 'bmp' ? openBmp(bytes) : openPnm(bytes);
  if (width * height > maxPixels) throw new Error('pixel limit');
  const raw = { width, height, channels: 3 as const };
  return { width, height, decode: async () => decode(), shown: () => sharp(decode(), { raw }) };
}

/** As Pillow opens a picture: colour profiles and EXIF rotation (but TIFF's) are not applied; a torn file is an error. */
async function openByLibrary(
  bytes: Buffer,
  format: PictureFormat,
  maxPixels: number,
): Promise<OpenedPicture> {
  if (format === 'tiff' && isTiffCutOff(bytes)) throw new Error('cut off');
  const turned = format === 'tiff' && isTiffTurned(bytes);
  const open = (from: Uint8Array = bytes) => {
    const opened = sharp(from, { ignoreIcc: true, failOn: 'truncated', limitInputPixels: maxPixels });
    return turned ? opened.autoOrient() : opened;
  };
  const { space, depth, channels, autoOrient, width, height } = await open().metadata();
  const isGrey = channels === 1 || (format === 'png' && bytes[25] === 0); // or with a transparent value
  const inColour = async (transparency: 'drop' | 'white') => {
    const opaque = format === 'gif' && transparency === 'drop';
    const opened = open(opaque ? withoutTransparency(bytes) : bytes);
    const kept = transparency === 'white' ? opened : opened.removeAlpha();
    const raw = kept.toColourspace('srgb').raw({ depth: 'uchar' });
    const { data, info } = await raw.toBuffer({ resolveWithObject: true });
    return info.channels === 4 ? onWhite(data) : data;
  };
  const decode = (transparency: 'drop' | 'white') => {
    if (space === 'cmyk') return decodeCmyk(open());
    return space === 'grey16' && depth === 'ushort' && isGrey ? decodeGrey16(open()) : inColour(transparency);
  };
  return {
    ...(turned ? autoOrient : { width, height }),
    decode: (how) => whenFree(() => decode(how)),
    shown: open,
  };
}

/** Opens a picture by its content, whatever its name; throws UsageError where it is none, or none that is read. */
async function openPicture(path: string, maxPixels: number): Promise<OpenedPicture> {
  const bytes = await readPictureFile(path);
  const found = recognise(bytes);
  if ('refused' in found) {
    if (found.refused === '') throw refuse(path, 'this is not a picture', READ);
    throw refuse(path, `this is ${found.refused}, which is not read`, READ);
  }
  const { format } = found;
  try {
    if (format === 'bmp' || format === 'pnm') return openPlain(bytes, format, maxPixels);
    return await openByLibrary(bytes, format, maxPixels);
  } catch (error) {
    throw explain(path, error, maxPixels);
  }
}

/** Decodes a picture to 8-bit RGB off the event loop; throws UsageError that names a missing, empty, torn or huge file. */
export async function decodeImage(path: string, options: DecodeOptions = {}): Promise<Image> {
  const { maxPixels = MOST_PIXELS, transparency = 'drop' } = options;
  const { width, height, decode } = await openPicture(path, maxPixels);
  try {
    return { width, height, pixels: await decode(transparency) };
  } catch (error) {
    throw explain(path, error, maxPixels);
  }
}

/** Width and height from a picture's header alone; throws UsageError as `decodeImage`. */
export async function readImageSize(path: string): Promise<Pick<Image, 'width' | 'height'>> {
  const { width, height } = await openPicture(path, MOST_PIXELS);
  return { width, height };
}

/** Pixels of a rectangle and side of its crop up to which to begin a call of the library takes longer than the work. */
const SMALL = { pixels: 200 * 200, side: 32 } as const;

/** One rectangle of an image, resized to size x size x 3 (bilinear, widened when it shrinks). */
export async function cropImage(image: Image, rectangle: PixelRectangle, size: number): Promise<Uint8Array> {
  const isSmall = rectangle.width * rectangle.height <= SMALL.pixels && size <= SMALL.side;
  if (isSmall) return resizeCrop(image, rectangle, size);
  const raw = { width: image.width, height: image.height, channels: 3 as const };
  return sharp(image.pixels, { raw })
    .extract(rectangle)
    .resize(size, size, { fit: 'fill', kernel: 'linear' })
    .raw()
    .toBuffer();
}

/** A picture made smaller, not larger, so that no side is above `side` pixels; throws UsageError as `decodeImage`. */
export async function shrinkPicture(
  path: string,
  side: number,
): Promise<Pick<Image, 'width' | 'height'> & { readonly webp: Buffer }> {
  const { width, height, shown } = await openPicture(path, MOST_PIXELS);
  try {
    const size = { width: side, height: side, fit: 'inside', withoutEnlargement: true } as const;
    const webp = await shown().resize(size).flatten({ background: '#fff' }).webp({ quality: 82 }).toBuffer();
    return { width, height, webp };
  } catch (error) {
    throw explain(path, error, MOST_PIXELS);
  }
}
