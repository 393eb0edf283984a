/** Bytes after a chain of sub-blocks that begins at `at`. */
function afterBlocks(bytes: Uint8Array, at: number): number {
  let next = at;
  while (next < bytes.length && bytes[next] !== 0) next += bytes[next]! + 1;
  return next + 1;
}

/**
 * A GIF whose first picture has no transparent colour: the colour of the palette shows, as where Pillow converts to RGB
 * (GIF 89a, section 23: graphic control extension).
 */
export function withoutTransparency(bytes: Uint8Array): Uint8Array {
  const flags = bytes[10] ?? 0;
  let at = 13 + (flags & 0x80 ? 3 * 2 ** ((flags & 7) + 1) : 0);
  while (bytes[at] === 0x21) {
    if (bytes[at + 1] === 0xf9) {
      const opaque = Uint8Array.from(bytes);
      opaque[at + 3] = (opaque[at + 3] ?? 0) & 0xfe;
      return opaque;
    }
    at = afterBlocks(bytes, at + 2);
  }
  return bytes;
}
