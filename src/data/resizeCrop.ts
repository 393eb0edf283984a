import type { Image, PixelRectangle } from './image.js';
import { type Weights, weighColumns, weighRows } from './weighPixels.js';

/** The mean of every `count` pixels, in 24-bit fixed point; the last of them repeat the edge. */
function meanWeights(inputs: number, count: number): Weights {
  const outputs = Math.ceil(inputs / count);
  const weight = Math.floor(2 ** 24 / count);
  const values = new Int32Array(outputs * count).fill(weight);
  const missing = outputs * count - inputs;
  values[outputs * count - missing - 1] = weight * (missing + 1);
  return {
    first: Int32Array.from({ length: outputs }, (_, out) => out * count),
    count: Int32Array.from({ length: outputs }, (_, out) => Math.min(count, inputs - out * count)),
    values,
    most: count,
    half: (count >> 1) * weight,
    narrow: (sum) => sum >>> 24,
  };
}

/** Half to even, as C's `rint`. */
function roundEven(value: number): number {
  const whole = Math.floor(value);
  const rest = value - whole;
  return rest < 0.5 || (rest === 0.5 && whole % 2 === 0) ? whole : whole + 1;
}

/** Places of a filter between two pixels. */
const PLACES = 64;

/** Fraction bits of the weights of a filter. */
const BITS = 12;

/** A triangle's weights at one of 64 places, in 12-bit fixed point, cut off. */
function triangle(taps: number, shrink: number, place: number): number[] {
  const half = place / PLACES + taps / 2 - 1;
  const raw = Array.from({ length: taps }, (_, tap) => Math.max(0, 1 - Math.abs((tap - half) / shrink)));
  const sum = raw.reduce((total, value) => total + value, 0);
  return raw.map((value) => Math.trunc((value / sum) * 2 ** BITS));
}

/** A triangle as wide as two outputs; beyond the edges they repeat. `invented`: inputs more than there are. */
function triangleWeights(inputs: number, outputs: number, shrink: number, invented: number): Weights {
  const reach = roundEven(shrink);
  const taps = 2 * reach + 1;
  const first = new Int32Array(outputs);
  const count = new Int32Array(outputs);
  const values = new Int32Array(outputs * taps);
  let position = 0.5 * shrink - 0.5 - ((1 + invented) / 2 - 1);
  for (let out = 0; out < outputs; out++, position += shrink) {
    const from = Math.trunc(position) - reach;
    const inside = (at: number) => Math.min(Math.max(at, 0), inputs - 1);
    first[out] = inside(from);
    count[out] = inside(from + taps - 1) - inside(from) + 1;
    const place = ((Math.trunc(position * PLACES * 2) & (PLACES * 2 - 1)) + 1) >> 1;
    triangle(taps, shrink, place).forEach((value, tap) => {
      const at = out * taps + inside(from + tap) - inside(from);
      values[at] = values[at]! + value;
    });
  }
  return { first, count, values, most: taps, half: 2 ** (BITS - 1), narrow: (sum) => sum >> BITS };
}

/** What makes a side smaller: means while more than twice as many pixels are left, then a triangle. */
function shrinkWeights(inputs: number, outputs: number): Weights[] {
  const shrink = 1 / Math.max(1 / (inputs / outputs), 1 / inputs);
  const count = Math.max(1, Math.floor(inputs / outputs / 2));
  const [means, rest] = [Math.ceil(inputs / count), shrink / count];
  const invented = (outputs * shrink - inputs) / count;
  return [
    ...(count > 1 ? [meanWeights(inputs, count)] : []),
    ...(rest === 1 ? [] : [triangleWeights(means, outputs, rest, invented)]),
  ];
}

/** Makes an image larger, bilinear in 12-bit fixed point; beyond its edges they repeat. Half an input off centre, as the library. */
function enlarge(image: Image, size: number, across: number, down: number): Image {
  const { width, height, pixels } = image;
  const output = new Uint8Array(3 * size * size);
  const column = (x: number) => 3 * Math.min(Math.max(x, 0), width - 1);
  const row = (y: number) => 3 * width * Math.min(Math.max(y, 0), height - 1);
  for (let y = 0, to = 0; y < size; y++) {
    const inputY = y * down + 0.5;
    const whole = Math.floor(inputY);
    const shareY = Math.trunc((inputY - whole) * 2 ** BITS);
    const [top, bottom] = [row(whole - 1), row(whole)];
    let inputX = 0.5;
    for (let x = 0; x < size; x++, to += 3, inputX += across) {
      const left = Math.floor(inputX);
      const shareX = Math.trunc((inputX - left) * 2 ** BITS);
      const both = (shareY * shareX) >> BITS;
      const right = ((2 ** BITS - shareY) * shareX) >> BITS;
      const [from, next] = [column(left - 1), column(left)];
      for (let channel = 0; channel < 3; channel++) {
        const sum =
          (2 ** BITS - shareY - right) * pixels[top + from + channel]! +
          right * pixels[top + next + channel]! +
          (shareY - both) * pixels[bottom + from + channel]! +
          both * pixels[bottom + next + channel]!;
        output[to + channel] = (sum + 2 ** (BITS - 1)) >> BITS;
      }
    }
  }
  return { width: size, height: size, pixels: output };
}

function cut({ width, pixels }: Image, { left, top, width: wide, height }: PixelRectangle): Image {
  const output = new Uint8Array(3 * wide * height);
  for (let y = 0; y < height; y++) {
    const from = 3 * ((top + y) * width + left);
    output.set(pixels.subarray(from, from + 3 * wide), 3 * y * wide);
  }
  return { width: wide, height, pixels: output };
}

/**
 * One rectangle of an image, resized to size x size x 3, value for value as libvips 8.18 does it (`resize`, kernel
 * `linear`), on this thread: for small rectangles a call of the library takes several times as long as the work.
 */
export function resizeCrop(image: Image, rectangle: PixelRectangle, size: number): Uint8Array {
  const { width, height } = rectangle;
  const [scaleX, scaleY] = [1 / (width / size), 1 / (height / size)];
  const cropped = cut(image, rectangle);
  const flat = height > size ? shrinkWeights(height, size).reduce(weighColumns, cropped) : cropped;
  const small = width > size ? shrinkWeights(width, size).reduce(weighRows, flat) : flat;
  if (width >= size && height >= size) return small.pixels;
  const [stretchX, stretchY] = [Math.max(scaleX, 1), Math.max(scaleY, 1)];
  const through = 1 / (stretchX * stretchY);
  return enlarge(small, size, through * stretchY, through * stretchX).pixels;
}
