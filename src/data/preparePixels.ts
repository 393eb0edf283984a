import { UsageError } from '../base/errors.js';
import type { RelativeBox } from './boxes.js';
import type { Image, PictureSize } from './image.js';
import { MOST_PIXELS } from './images.js';
import type { PictureSettings, Resize } from './pictureSettings.js';
import { resample } from './resample.js';

/** Half to even, as Python's `round`. */
const roundEven = (value: number) => (value % 1 === 0.5 ? 2 * Math.round(value / 2) : Math.round(value));

type Divisible = Resize & { readonly to: 'divisible' };

/** ViLT's size: multiples of `divisor`, at least one, where Python refuses a picture that is too long and thin. */
function divisibleSize(picture: PictureSize, { edge, longest, divisor }: Divisible): PictureSize {
  const scale = edge / Math.min(picture.width, picture.height);
  const isWide = picture.height < picture.width;
  const width = isWide ? scale * picture.width : edge;
  const height = isWide ? edge : scale * picture.height;
  const most = Math.max(width, height);
  const again = most > longest ? longest / most : 1;
  const cut = (side: number) => Math.max(Math.floor(Math.floor(again * side + 0.5) / divisor), 1) * divisor;
  return { width: cut(width), height: cut(height) };
}

/** Both sides in proportion; the shorter one becomes `edge` unless the longer one would be above `longest`. */
function shortestSize(picture: PictureSize, edge: number, longest = Number.POSITIVE_INFINITY): PictureSize {
  const { width, height } = picture;
  const [short, long] = [Math.min(width, height), Math.max(width, height)];
  const isCut = (long / short) * edge > longest;
  const exact = isCut ? (longest * short) / long : edge;
  const other = Math.max(Math.trunc((exact * long) / short), 1);
  const shorter = Math.max(roundEven(exact), 1);
  return width <= height ? { width: shorter, height: other } : { width: other, height: shorter };
}

function insideSize({ width, height }: PictureSize, most: PictureSize): PictureSize {
  const scale = Math.min(most.height / height, most.width / width);
  return {
    width: Math.max(Math.trunc(width * scale), 1),
    height: Math.max(Math.trunc(height * scale), 1),
  };
}

/** Sides of a picture after resizing. */
function resizedSize(picture: PictureSize, resize: Resize): PictureSize {
  if (resize.to === 'exact') return resize;
  if (resize.to === 'inside') return insideSize(picture, resize);
  if (resize.to === 'divisible') return divisibleSize(picture, resize);
  return shortestSize(picture, resize.edge, resize.longest);
}

/** Throws UsageError where a long and thin picture would become too large when its shorter side is set. */
function checkedSize(picture: PictureSize, resize: Resize): PictureSize {
  const { width, height } = resizedSize(picture, resize);
  if (width * height <= MOST_PIXELS) return { width, height };
  const message = `its ${picture.width} x ${picture.height} pixels would become ${width} x ${height}`;
  throw new UsageError({ message, expected: `at most ${MOST_PIXELS} pixels` });
}

/** The middle of a picture; what lies beyond it is black. */
function cropCentre(image: Image, { width, height }: PictureSize): Image {
  const output = new Uint8Array(width * height * 3);
  const left = Math.floor((image.width - width) / 2);
  const top = Math.floor((image.height - height) / 2);
  const [from, to] = [Math.max(left, 0), Math.min(left + width, image.width)];
  for (let y = Math.max(top, 0); y < Math.min(top + height, image.height); y++) {
    const row = image.pixels.subarray((y * image.width + from) * 3, (y * image.width + to) * 3);
    output.set(row, ((y - top) * width + from - left) * 3);
  }
  return { width, height, pixels: output };
}

/** Resizes and crops 8-bit pixels as the settings say; throws UsageError where they would become too many. */
export function preparePixels(image: Image, { resize, filter, crop }: PictureSettings): Image {
  const resized = resize ? resample(image, checkedSize(image, resize), filter) : image;
  return crop ? cropCentre(resized, crop) : resized;
}

/** The part of a picture that is left when it is made ready, x1, y1, x2, y2 relative to the picture. */
export function shownPart(picture: PictureSize, { resize, crop }: PictureSettings): RelativeBox {
  if (!crop) return [0, 0, 1, 1];
  const { width, height } = resize ? resizedSize(picture, resize) : picture;
  const [left, top] = [Math.floor((width - crop.width) / 2), Math.floor((height - crop.height) / 2)];
  return [left / width, top / height, (left + crop.width) / width, (top + crop.height) / height];
}

/** 8-bit pixels rescaled and normalised, [height, width, 3]. */
export function normalisePixels(
  { pixels }: Pick<Image, 'pixels'>,
  { rescale, mean, standardDeviation }: PictureSettings,
): Float32Array {
  const [red, green, blue] = [0, 1, 2].map((channel) =>
    Float32Array.from({ length: 256 }, (_, level) => {
      return (level * rescale - mean[channel]!) / standardDeviation[channel]!;
    }),
  ) as [Float32Array, Float32Array, Float32Array];
  const values = new Float32Array(pixels.length);
  for (let i = 0; i < pixels.length; i += 3) {
    values[i] = red[pixels[i]!]!;
    values[i + 1] = green[pixels[i + 1]!]!;
    values[i + 2] = blue[pixels[i + 2]!]!;
  }
  return values;
}
