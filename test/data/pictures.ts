import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';

/** A new folder under the system's temporary one, and how to remove it. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'vlgraft-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export type Colour = readonly [number, number, number];

/** A picture of one colour with a rectangle of another in it, as PNG. */
export async function drawPicture(
  path: string,
  size: { readonly width: number; readonly height: number },
  ground: Colour,
  rectangle?: { left: number; top: number; width: number; height: number; colour: Colour },
): Promise<void> {
  const pixels = new Uint8Array(size.width * size.height * 3);
  for (let i = 0; i < pixels.length; i++) {
    const [x, y] = [Math.floor(i / 3) % size.width, Math.floor(i / 3 / size.width)];
    const inside =
      rectangle &&
      x >= rectangle.left &&
      y >= rectangle.top &&
      x < rectangle.left + rectangle.width &&
      y < rectangle.top + rectangle.height;
    pixels[i] = (inside ? rectangle.colour : ground)[i % 3]!;
  }
  await sharp(pixels, { raw: { ...size, channels: 3 } })
    .png()
    .toFile(path);
}
