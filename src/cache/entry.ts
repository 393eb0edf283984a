import { crc32 } from 'node:zlib';

/** "VGC1": what every entry begins with. */
const MAGIC = 0x31434756;
const HEADER_BYTES = 12;

const checksum = (key: Buffer, payload: Uint8Array): number => crc32(payload, crc32(key));

/** The bytes that are stored: a magic number, the payload's length, a checksum of key and payload, the payload. */
export function wrapEntry(key: Buffer, pieces: readonly Uint8Array[]): Buffer {
  const entry = Buffer.concat([Buffer.alloc(HEADER_BYTES), ...pieces]);
  const payload = entry.subarray(HEADER_BYTES);
  entry.writeUInt32LE(MAGIC, 0);
  entry.writeUInt32LE(payload.length, 4);
  entry.writeUInt32LE(checksum(key, payload), 8);
  return entry;
}

/**
 * The payload of stored bytes, a view of them; undefined where they are torn, or not from here.
 * @param trusted leaves the checksum out
 */
export function unwrapEntry(key: Buffer, entry: Uint8Array, trusted = false): Uint8Array | undefined {
  if (entry.byteLength < HEADER_BYTES) return undefined;
  const header = new DataView(entry.buffer, entry.byteOffset, HEADER_BYTES);
  const payload = entry.subarray(HEADER_BYTES);
  const isWhole = header.getUint32(0, true) === MAGIC && header.getUint32(4, true) === payload.length;
  if (!isWhole) return undefined;
  return trusted || header.getUint32(8, true) === checksum(key, payload) ? payload : undefined;
}
