import type { Sharp } from 'sharp';
import { threefold } from './plainPicture.js';

/** 8-bit red, green, blue, alpha on white: [height, width, 3] of [height, width, 4], rounded as Pillow's `alpha_composite`. */
export function onWhite(pixels: Uint8Array): Uint8Array {
  const opaque = new Uint8Array((pixels.length / 4) * 3);
  for (let from = 0, to = 0; from < pixels.length; from += 4) {
    const alpha = pixels[from + 3]!;
    for (let channel = 0; channel < 3; channel++, to++) {
      const sum = 128 * (pixels[from + channel]! * alpha + 255 * (255 - alpha)) + 0x4000;
      opaque[to] = ((sum >> 8) + sum) >> 15;
    }
  }
  return opaque;
}

/** 255 - k less the ink's share of it, without a colour profile, as Pillow: [height, width, 3] of [height, width, 4]. */
function fromInks(inks: Uint8Array): Uint8Array {
  const output = new Uint8Array((inks.length / 4) * 3);
  for (let from = 0, to = 0; from < inks.length; from += 4) {
    const light = 255 - inks[from + 3]!;
    for (let channel = 0; channel < 3; channel++, to++) {
      const product = inks[from + channel]! * light + 128;
      output[to] = Math.max(light - (((product >> 8) + product) >> 8), 0);
    }
  }
  return output;
}

/** CMYK and YCCK as RGB, [height, width, 3]. */
export async function decodeCmyk(opened: Sharp): Promise<Uint8Array> {
  const raw = opened.pipelineColourspace('cmyk').toColourspace('cmyk').raw({ depth: 'uchar' });
  return fromInks(await raw.toBuffer());
}

/** Grey of 16 bits as RGB, [height, width, 3]: Pillow clips its values to 255. */
export async function decodeGrey16(opened: Sharp): Promise<Uint8Array> {
  const raw = opened.removeAlpha().toColourspace('grey16').raw({ depth: 'ushort' });
  const { buffer, byteOffset, length } = await raw.toBuffer();
  const values = new Uint16Array(buffer.slice(byteOffset, byteOffset + length));
  return threefold(Uint8Array.from(values, (value) => Math.min(value, 255)));
}
