interface Bitmap {
  readonly bits: number;
  /** Bytes of its header: 12, 40 or 56. */
  readonly header?: number;
  /** Red, green and blue of pixels of 16 and 32 bits. */
  readonly masks?: readonly number[];
}

/** A BMP picture of 5 x 3 pixels. */
function bitmap({ bits, header = 40, masks = [] }: Bitmap): Buffer {
  const stride = Math.floor((5 * bits + 31) / 32) * 4;
  const palette = bits <= 8 ? Buffer.alloc((header === 12 ? 3 : 4) * 2 ** bits, 0x5a) : Buffer.alloc(0);
  const head = Buffer.alloc(14 + Math.max(header, 40 + 4 * masks.length));
  const pixels = (header === 12 ? 26 : head.length) + palette.length;
  head.write('BM', 'latin1');
  head.writeUInt32LE(pixels + 3 * stride, 2);
  head.writeUInt32LE(pixels, 10);
  head.writeUInt32LE(header, 14);
  if (header === 12)
    for (const [at, value] of [5, 3, 1, bits].entries()) head.writeUInt16LE(value, 18 + 2 * at);
  else {
    head.writeInt32LE(5, 18);
    head.writeInt32LE(3, 22);
    head.writeUInt16LE(1, 26);
    head.writeUInt16LE(bits, 28);
    head.writeUInt32LE(masks.length > 0 ? 3 : 0, 30);
    for (const [at, mask] of masks.entries()) head.writeUInt32LE(mask, 54 + 4 * at);
  }
  return Buffer.concat([head.subarray(0, pixels - palette.length), palette, Buffer.alloc(3 * stride, 0x35)]);
}

/** BMP pictures of every depth and header that is read. */
export const bitmaps: readonly Buffer[] = [
  ...[1, 4, 8, 16, 24, 32].map((bits) => bitmap({ bits })),
  bitmap({ bits: 8, header: 12 }),
  bitmap({ bits: 24, header: 12 }),
  bitmap({ bits: 16, masks: [0xf800, 0x7e0, 0x1f] }),
  bitmap({ bits: 32, header: 56, masks: [0xff0000, 0xff00, 0xff] }),
];

/** Netpbm's formats 1 to 6, 4 x 2 pixels. */
export const portables: readonly Buffer[] = [
  'P1\n4 2\n0101 1010\n',
  'P2 # grey\n4 2\n255\n0 1 2 3\n252 253 254 255\n',
  `P3\n4 2\n15\n${'1 2 3 '.repeat(8)}`,
  'P4\n4 2\n\x50\xa0',
  'P5\n4 2\n255\nabcdefgh',
  `P5\n4 2\n65535\n${'ab'.repeat(8)}`,
  `P6\n4 2\n255\n${'abc'.repeat(8)}`,
].map((text) => Buffer.from(text, 'latin1'));
