import type { RelativeBox } from './boxes.js';
import type { Image } from './images.js';
import type { PictureSettings, PictureSize, Resize } from './pictureSettings.js';
import { resample } from './resample.js';

const scaled = ({ width, height }: PictureSize, scale: number): PictureSize => ({
  width: width * scale,
  height: height * scale,
});

/** The nearest size whose sides are multiples of `divisor`, not above it; at least one multiple. */
function divisible({ width, height }: PictureSize, divisor: number): PictureSize {
  const cut = (side: number) => Math.max(Math.floor(Math.floor(side + 0.5) / divisor), 1) * divisor;
  return { width: cut(width), height: cut(height) };
}

/** Sides of a picture after resizing: the shorter side becomes `edge` unless the longer one would be above `longest`. */
function resizedSize(picture: PictureSize, resize: Resize): PictureSize {
  if (resize.to === 'exact') return resize;
  const { edge, longest = Number.POSITIVE_INFINITY, divisor } = resize;
  const [short, long] = [Math.min(picture.width, picture.height), Math.max(picture.width, picture.height)];
  if (divisor !== undefined) {
    const whole = scaled(picture, edge / short);
    const most = Math.max(whole.width, whole.height);
    return divisible(most > longest ? scaled(whole, longest / most) : whole, divisor);
  }
  const other = Math.floor((edge * long) / short);
  const [a, b] = other > longest ? [Math.floor((longest * edge) / other), longest] : [edge, other];
  return picture.width <= picture.height ? { width: a, height: b } : { width: b, height: a };
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

/** Resizes and crops 8-bit pixels as the settings say. */
export function preparePixels(image: Image, { resize, filter, crop }: PictureSettings): Image {
  const resized = resize ? resample(image, resizedSize(image, resize), filter) : image;
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
