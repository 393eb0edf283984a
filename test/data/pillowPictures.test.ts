import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { decodeImage, readImageSize } from '../../src/data/images.js';
import { parityPath, readJson } from '../parity/readParity.js';

interface Decoded {
  readonly width: number;
  readonly height: number;
  readonly drop: string;
  readonly white: string;
}

const expected = readJson<Record<string, Decoded | { readonly error: string }>>('pictures', 'expected.json');

/** Pillow reads them and nothing here does. */
const REFUSED = /^(\w+-zstd\.tif|\w+-lzma\.tif|lab\.tif|ycc\.tif|x\.(jp2|ico|tga|pcx)|exif\.avif)$/;

/** Other values than Pillow's, as docs/data.md says. */
const DIFFERENT = /(?<!exif)\.avif$|^partial.*\.gif$|^grey2trns\.png$/;

const sha = (pixels: Uint8Array) => createHash('sha256').update(pixels).digest('hex');

const names = Object.keys(expected).filter((name) => !DIFFERENT.test(name));
const isRead = (name: string) => !('error' in expected[name]!) && !REFUSED.test(name);

describe('a picture has the pixels that Pillow gives it', () => {
  it.each(names.filter(isRead))('%s', async (name) => {
    const { width, height, drop, white } = expected[name] as Decoded;
    const path = parityPath('pictures', name);
    expect(await readImageSize(path)).toEqual({ width, height });
    expect(sha((await decodeImage(path)).pixels)).toBe(drop);
    expect(sha((await decodeImage(path, { transparency: 'white' })).pixels)).toBe(white);
  });
});

describe('a picture that is not read is refused', () => {
  it.each(names.filter((name) => !isRead(name)))('%s', async (name) => {
    const path = parityPath('pictures', name);
    const error = await decodeImage(path).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toContain(path);
  });
});
