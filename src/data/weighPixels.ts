import type { Image } from './image.js';

/** Which inputs along a side each output reads, and how much of each, in fixed point. */
export interface Weights {
  /** [outputs]. */
  readonly first: Int32Array;
  /** [outputs]. */
  readonly count: Int32Array;
  /** [outputs, most]. */
  readonly values: Int32Array;
  readonly most: number;
  /** What each sum begins with, so that cutting it off rounds it. */
  readonly half: number;
  /** A 32-bit sum as 8 bits. */
  readonly narrow: (sum: number) => number;
}

/** An image of another width, each pixel a weighted sum along its row. */
export function weighRows(image: Image, { first, count, values, most, half, narrow }: Weights): Image {
  const { height, pixels } = image;
  const width = first.length;
  const output = new Uint8Array(width * height * 3);
  for (let y = 0, to = 0; y < height; y++) {
    const row = y * image.width * 3;
    for (let x = 0; x < width; x++, to += 3) {
      let [red, green, blue] = [half, half, half];
      let from = row + first[x]! * 3;
      const start = x * most;
      const end = start + count[x]!;
      for (let at = start; at < end; at++, from += 3) {
        const value = values[at]!;
        red += pixels[from]! * value;
        green += pixels[from + 1]! * value;
        blue += pixels[from + 2]! * value;
      }
      output[to] = narrow(red);
      output[to + 1] = narrow(green);
      output[to + 2] = narrow(blue);
    }
  }
  return { width, height, pixels: output };
}

/** An image of another height, each pixel a weighted sum along its column. */
export function weighColumns(image: Image, { first, count, values, most, half, narrow }: Weights): Image {
  const { width, pixels } = image;
  const stride = width * 3;
  const height = first.length;
  const output = new Uint8Array(stride * height);
  const sums = new Int32Array(stride);
  for (let y = 0; y < height; y++) {
    sums.fill(half);
    for (let n = 0; n < count[y]!; n++) {
      const value = values[y * most + n]!;
      const row = (first[y]! + n) * stride;
      for (let x = 0; x < stride; x++) sums[x] = sums[x]! + pixels[row + x]! * value;
    }
    for (let x = 0; x < stride; x++) output[y * stride + x] = narrow(sums[x]!);
  }
  return { width, height, pixels: output };
}
