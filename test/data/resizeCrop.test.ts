import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.js';
import { resizeCrop } from '../../src/data/resizeCrop.js';

/** Sides below, at and above the crop's; at 64 and above means come before the triangle. */
const SIDES = [1, 2, 7, 15, 16, 17, 24, 31, 33, 48, 63, 64, 65, 97, 129, 160, 200];

describe('a crop without a call of the library', () => {
  it.each([1, 16, 32])('has the values that libvips gives it in %i pixels a side', async (size) => {
    const random = createRandom('resizeCrop', size);
    for (const [at, width] of SIDES.entries()) {
      for (const height of [width, ...SIDES.filter((_, other) => (other + at) % 5 === 0)]) {
        const raw = { width: width + 3, height: height + 2, channels: 3 as const };
        const pixels = Uint8Array.from({ length: 3 * raw.width * raw.height }, () => random.integer(256));
        const rectangle = { left: 2, top: 1, width, height };
        const expected = await sharp(pixels, { raw })
          .extract(rectangle)
          .resize(size, size, { fit: 'fill', kernel: 'linear' })
          .raw()
          .toBuffer();
        const made = resizeCrop({ ...raw, pixels }, rectangle, size);
        expect(Buffer.compare(made, expected), `${width} x ${height}`).toBe(0);
      }
    }
  });
});
