import { expect, test } from 'vitest';
import { float32, int32 } from '../../../src/base/hostTensor.js';
import { createRandom } from '../../../src/base/random.js';
import { augmentPixels } from '../../../tasks/pretraining/views/augmentPixels.js';

const side = 4;
const width = 3 * side * side;
/** One picture: all of it, a box, padding. */
const crops = float32(
  [1, 3, width],
  Float32Array.from({ length: 3 * width }, (_, at) => (at < 2 * width ? (at % width) / width : 0)),
);
const batch = { regionFeatures: crops, regionIndex: int32([1, 3], Int32Array.from([-1, 0, -1])) };
const augmented = (seed: number) =>
  augmentPixels(batch, createRandom('augment', seed)).regionFeatures!.data as Float32Array;

test('changes boxes alone, otherwise at each visit', () => {
  const [one, other] = [augmented(1), augmented(2)];
  for (const changed of [one, other]) {
    expect(changed.subarray(0, width)).toEqual(crops.data.subarray(0, width));
    expect(changed.subarray(2 * width)).toEqual(crops.data.subarray(2 * width));
  }
  expect(one.subarray(width, 2 * width)).not.toEqual(other.subarray(width, 2 * width));
  expect(augmented(1)).toEqual(one);
});

test('every pixel is one of the crop in one change of colours, at most a step away or mirrored', () => {
  for (let seed = 0; seed < 12; seed++) {
    const box = augmented(seed).subarray(width, 2 * width);
    const found = [...box].filter((_, at) => at % 3 === 0);
    const own = [...crops.data.subarray(width, 2 * width)].filter((_, at) => at % 3 === 0);
    // Red rises by the same steps within a row of the crop, whatever gain and offset are.
    const steps = new Set(found.slice(1).map((value, at) => Math.abs(value - found[at]!).toFixed(5)));
    expect(steps.size).toBeLessThanOrEqual(5);
    expect(Math.max(...found) - Math.min(...found)).toBeLessThanOrEqual(1.3 * (Math.max(...own) - own[0]!));
  }
});

test('says which regions can be changed', () => {
  const features = { ...batch, regionFeatures: float32([1, 3, 10]) };
  expect(() => augmentPixels(features, createRandom('augment', 1))).toThrow(
    /regions\/augment: the regions have 10 features.*; data.regions of the kind crop-pixels, or false/,
  );
});
