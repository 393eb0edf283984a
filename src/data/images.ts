import { readFile, stat } from 'node:fs/promises';
import sharp from 'sharp';
import { UsageError } from '../errors.js';
import { threadCount } from '../threads.js';
import { createLimiter, type Limiter } from './limiter.js';
import { resizeCrop } from './resizeCrop.js';

/** Decoded pixels, row-major, red green blue. */
export interface Image {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3]. */
  readonly pixels: Uint8Array;
}

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
  if (!status.isFile()) throw refuse(path, 'this is not a file', 'a JPEG, PNG or WebP picture');
  if (status.size === 0) throw refuse(path, 'the picture is empty (0 bytes)', 'copy it again');
  if (status.size > LARGEST_FILE)
    throw refuse(path, `the picture has ${status.size} bytes`, 'at most 512 MiB');
  return readFile(path);
}

/** What went wrong in libvips, in words; the library tells it by message only. */
function explain(path: string, error: unknown, maxPixels: number): UsageError {
  const message = (error as Error).message;
  if (message.includes('pixel limit')) return refuse(path, `the picture has more than ${maxPixels} pixels`);
  if (message.includes('unsupported image format')) {
    return refuse(path, 'this is not a picture', 'a JPEG, PNG, WebP, GIF, TIFF or AVIF file');
  }
  return refuse(path, 'the picture is damaged or cut off', 'copy it again');
}

let inTurn: Limiter | undefined;

/** Decodes no more pictures at a time than the engine has threads: more would only take turns with each other. */
function whenFree<T>(work: () => Promise<T>): Promise<T> {
  inTurn ??= createLimiter(threadCount());
  return inTurn(work);
}

/** As Pillow opens a picture: colour profiles and EXIF rotation are not applied; a torn file is an error. */
const open = (bytes: Buffer, maxPixels: number) =>
  sharp(bytes, { ignoreIcc: true, failOn: 'truncated', limitInputPixels: maxPixels });

/** 8-bit red, green, blue, alpha on white: [height, width, 3] of [height, width, 4], rounded as Pillow's `alpha_composite`. */
function onWhite(pixels: Uint8Array): Uint8Array {
  const opaque = new Uint8Array((pixels.length / 4) * 3);
  for (let from = 0, to = 0; from < pixels.length; from += 4) {
    const alpha = pixels[from + 3]!;
    for (let channel = 0; channel < 3; channel++, to++) {
      const sum = 128 * (pixels[from + channel]! * alpha + 255 * (255 - alpha)) + 0x4000;
      opaque[to] = ((sum >> 8) + sum) >> 15;
    }
  }
  return opaque;
}

/** Decodes a picture to 8-bit RGB off the event loop; throws UsageError that names a missing, empty, torn or huge file. */
export async function decodeImage(path: string, options: DecodeOptions = {}): Promise<Image> {
  const { maxPixels = MOST_PIXELS, transparency = 'drop' } = options;
  const bytes = await readPictureFile(path);
  try {
    const opened = open(bytes, maxPixels);
    const kept = transparency === 'white' ? opened : opened.removeAlpha();
    const raw = kept.toColourspace('srgb').raw({ depth: 'uchar' });
    const { data, info } = await whenFree(() => raw.toBuffer({ resolveWithObject: true }));
    return {
      width: info.width,
      height: info.height,
      pixels: info.channels === 4 ? onWhite(data) : data,
    };
  } catch (error) {
    throw explain(path, error, maxPixels);
  }
}

/** Width and height from a picture's header alone; throws UsageError as `decodeImage`. */
export async function readImageSize(path: string): Promise<Pick<Image, 'width' | 'height'>> {
  const bytes = await readPictureFile(path);
  try {
    const { width, height } = await open(bytes, MOST_PIXELS).metadata();
    return { width, height };
  } catch (error) {
    throw explain(path, error, MOST_PIXELS);
  }
}

/** A rectangle of whole pixels inside an image. */
export interface PixelRectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
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
  const bytes = await readPictureFile(path);
  try {
    const opened = open(bytes, MOST_PIXELS);
    const { width, height } = await opened.metadata();
    const size = { width: side, height: side, fit: 'inside', withoutEnlargement: true } as const;
    const webp = await opened.resize(size).flatten({ background: '#fff' }).webp({ quality: 82 }).toBuffer();
    return { width, height, webp };
  } catch (error) {
    throw explain(path, error, MOST_PIXELS);
  }
}
