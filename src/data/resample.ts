import type { Image, PictureSize } from './image.js';
import { type Weights, weighColumns, weighRows } from './weighPixels.js';

/** A filter of Pillow: its weight at a distance from the centre, 0 beyond `support`. */
interface Filter {
  readonly support: number;
  weight(x: number): number;
}

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

/** Keys' cubic convolution with a = -0.5. */
function cubic(x: number): number {
  const d = Math.abs(x);
  if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
  return d < 2 ? ((-0.5 * d + 2.5) * d - 4) * d + 2 : 0;
}

/** A sinc under Hamming's window, as wide as the triangle of `bilinear`. */
function hamming(x: number): number {
  const d = Math.abs(x);
  if (d === 0) return 1;
  return d < 1 ? sinc(d) * (0.54 + 0.46 * Math.cos(Math.PI * d)) : 0;
}

const filters = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  hamming: { support: 1, weight: hamming },
  lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  bicubic: { support: 2, weight: cubic },
} as const satisfies Record<string, Filter>;

/** Pillow's filters in the order of their numbers. */
export const FILTER_NAMES = ['nearest', 'lanczos', 'bilinear', 'bicubic', 'box', 'hamming'] as const;

export type FilterName = (typeof FILTER_NAMES)[number];

/** Fraction bits of the weights, as in Pillow: 32 bits less 8 of a pixel and 2 to spare. */
const PRECISION = 22;

const HALF = 2 ** (PRECISION - 1);

/** To 8 bits; the sum of 255 times the weights stays within 32. */
const rounded = (sum: number) => Math.min(Math.max(sum >> PRECISION, 0), 255);

/** The filter is widened by the scale when the picture shrinks; weights of an output sum to one before rounding. */
function weightsOf(inputs: number, outputs: number, { support, weight }: Filter): Weights {
  const scale = inputs / outputs;
  const widened = Math.max(scale, 1);
  const reach = support * widened;
  const most = Math.ceil(reach) * 2 + 1;
  const first = new Int32Array(outputs);
  const count = new Int32Array(outputs);
  const values = new Int32Array(outputs * most);
  for (let out = 0; out < outputs; out++) {
    const centre = (out + 0.5) * scale;
    const from = Math.max(Math.trunc(centre - reach + 0.5), 0);
    const to = Math.min(Math.trunc(centre + reach + 0.5), inputs);
    const raw = Array.from({ length: to - from }, (_, x) => weight((x + from - centre + 0.5) / widened));
    const sum = raw.reduce((total, value) => total + value, 0);
    first[out] = from;
    count[out] = to - from;
    raw.forEach((value, x) => {
      const scaled = (value / sum) * 2 ** PRECISION;
      values[out * most + x] = Math.trunc(scaled + (scaled < 0 ? -0.5 : 0.5));
    });
  }
  return { first, count, values, most, half: HALF, narrow: rounded };
}

/** The input that each output shows; places are added up as Pillow does it. */
function nearestInputs(inputs: number, outputs: number): Int32Array {
  const step = inputs / outputs;
  const chosen = new Int32Array(outputs);
  for (let out = 0, at = step * 0.5; out < outputs; out++, at += step)
    chosen[out] = Math.min(Math.floor(at), inputs - 1);
  return chosen;
}

function pickNearest({ pixels, ...from }: Image, { width, height }: PictureSize): Image {
  const [columns, rows] = [nearestInputs(from.width, width), nearestInputs(from.height, height)];
  const output = new Uint8Array(width * height * 3);
  let to = 0;
  for (const row of rows)
    for (const column of columns) {
      const at = (row * from.width + column) * 3;
      output[to++] = pixels[at]!;
      output[to++] = pixels[at + 1]!;
      output[to++] = pixels[at + 2]!;
    }
  return { width, height, pixels: output };
}

/**
 * Resizes 8-bit pixels as Pillow's `Image.resize` does, bit for bit: the width, then the height, each rounded to 8 bits,
 * with 22-bit fixed-point weights. As in Pillow 13, the height goes first where it loses more than twice what the width
 * loses; the order shows at edges only. Models were trained on these pixels; other resamplers differ by a level or two.
 */
export function resample(image: Image, { width, height }: PictureSize, name: FilterName): Image {
  if (name === 'nearest') return pickNearest(image, { width, height });
  const filter = filters[name];
  const toWidth = (from: Image) =>
    width === from.width ? from : weighRows(from, weightsOf(from.width, width, filter));
  const toHeight = (from: Image) =>
    height === from.height ? from : weighColumns(from, weightsOf(from.height, height, filter));
  const rowsLost = image.height - height;
  const heightFirst = rowsLost > 0 && rowsLost > 2 * (image.width - width);
  return heightFirst ? toWidth(toHeight(image)) : toHeight(toWidth(image));
}
