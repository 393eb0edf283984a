import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { cropImage, decodeImage, readImageSize } from '../../src/data/images.js';
import { parityPath, readTensors } from '../parity/readParity.js';
import { drawPicture, temporaryFolder } from './pictures.js';

const folder = temporaryFolder();
const file = (name: string) => join(folder.path, name);
afterAll(() => folder.remove());

describe('decodeImage', () => {
  const golden = readTensors('images', 'decoded.safetensors'); // Pillow, transparency over white

  it.each(['rgb.png', 'rgb.jpg', 'grey.png', 'palette.png', 'rgba.png'])(
    '%s has the pixels of Pillow',
    async (name) => {
      const image = await decodeImage(parityPath('images', name), { transparency: 'white' });
      const expected = golden.get(name)!;
      expect([image.height, image.width, 3]).toEqual(expected.shape);
      const worst = image.pixels.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - expected.data[i]!)),
        0,
      );
      expect(worst).toBeLessThanOrEqual(name === 'rgb.jpg' ? 1 : 0);
    },
  );

  it('forgets transparency when nothing is said', async () => {
    const pixels = Uint8Array.of(200, 100, 50, 0, 1, 2, 3, 128);
    await sharp(pixels, { raw: { width: 2, height: 1, channels: 4 } })
      .png()
      .toFile(file('alpha.png'));
    expect([...(await decodeImage(file('alpha.png'))).pixels]).toEqual([200, 100, 50, 1, 2, 3]);
  });

  it('clips 16-bit grey to 8 bits as Pillow does, and leaves EXIF rotation alone', async () => {
    const grey = new Uint16Array([0, 0x8080, 0xffff]);
    const raw = { width: 3, height: 1, channels: 1 as const };
    await sharp(grey, { raw }).toColourspace('grey16').png().toFile(file('grey16.png'));
    expect([...(await decodeImage(file('grey16.png'))).pixels]).toEqual([
      0, 0, 0, 255, 255, 255, 255, 255, 255,
    ]);
    await sharp(parityPath('images', 'rgb.jpg')).withMetadata({ orientation: 6 }).toFile(file('turned.jpg'));
    expect(await decodeImage(file('turned.jpg'))).toMatchObject({ width: 61, height: 47 });
    expect(await readImageSize(file('turned.jpg'))).toEqual({ width: 61, height: 47 });
  });
});

describe('a picture that cannot be used is named', () => {
  beforeAll(() => {
    writeFileSync(file('empty.png'), '');
    writeFileSync(file('text.png'), 'hello world');
    mkdirSync(file('folder.png'));
    for (const name of ['rgb.png', 'rgb.jpg']) {
      const bytes = readFileSync(parityPath('images', name));
      writeFileSync(file(`torn-${name}`), bytes.subarray(0, bytes.length * 0.6));
    }
  });

  it.each([
    ['missing.png', 'no such picture'],
    ['empty.png', '0 bytes'],
    ['text.png', 'not a picture'],
    ['folder.png', 'not a file'],
    ['torn-rgb.png', 'damaged or cut off'],
    ['torn-rgb.jpg', 'damaged or cut off'],
  ])('%s: %s', async (name, message) => {
    const error = await decodeImage(file(name)).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(UsageError);
    expect((error as Error).message).toContain(file(name));
    expect((error as Error).message).toContain(message);
  });

  it('with too many pixels, before they are decoded', async () => {
    const huge = { width: 12_000, height: 12_000, channels: 3 as const, background: '#123456' };
    await sharp({ create: huge }).png({ compressionLevel: 9 }).toFile(file('huge.png'));
    const before = process.memoryUsage().rss;
    await expect(decodeImage(file('huge.png'))).rejects.toThrow('more than 100000000 pixels');
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * 2 ** 20);
    await expect(decodeImage(parityPath('images', 'rgb.png'), { maxPixels: 100 })).rejects.toThrow(
      '100 pixels',
    );
  });
});

it('a crop holds its rectangle alone, resized', async () => {
  const colour = [250, 10, 60] as const;
  const rectangle = { left: 8, top: 4, width: 10, height: 20 };
  await drawPicture(file('drawn.png'), { width: 40, height: 30 }, [0, 128, 255], { ...rectangle, colour });
  const crop = await cropImage(await decodeImage(file('drawn.png')), rectangle, 4);
  expect([...crop]).toEqual(Array.from({ length: 16 }, () => colour).flat());
});
