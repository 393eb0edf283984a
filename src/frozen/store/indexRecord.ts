import { crc32 } from 'node:zlib';

/** Bytes of an entry's key. */
const KEY_BYTES = 16;
/** Magic number, piece and its entries, place of the value, its bytes, checksum of key and value, key, checksum of all. */
export const RECORD_BYTES = 48;
/** "VGC3": what every record begins with. */
const MAGIC = 0x33434756;
/** "VGE3": one that was taken out, so that zeros are a damage. */
const ERASED_MAGIC = 0x33454756;
const AT = { magic: 0, piece: 4, offset: 8, bytes: 16, checksum: 20, key: 24, mates: 40, own: 44 } as const;

/** Where a value lies, and what it is told by. */
export interface IndexRecord {
  readonly key: Buffer;
  /** Entries that were written together have the same number. */
  readonly piece: number;
  /** How many they are. */
  readonly mates: number;
  readonly offset: number;
  readonly bytes: number;
  readonly checksum: number;
}

/** The checksum of a value under its key. */
export const checksumOf = (key: Buffer, pieces: readonly Uint8Array[]): number =>
  pieces.reduce((sum, piece) => crc32(piece, sum), crc32(key));

/** A record as bytes; throws where the key has another length. */
export function encodeRecord({ key, piece, mates, offset, bytes, checksum }: IndexRecord): Buffer {
  if (key.length !== KEY_BYTES) throw new Error(`keys have ${KEY_BYTES} bytes, not ${key.length}`);
  const record = Buffer.alloc(RECORD_BYTES);
  record.writeUInt32LE(MAGIC, AT.magic);
  record.writeUInt32LE(piece, AT.piece);
  record.writeBigUInt64LE(BigInt(offset), AT.offset);
  record.writeUInt32LE(bytes, AT.bytes);
  record.writeUInt32LE(checksum, AT.checksum);
  key.copy(record, AT.key);
  record.writeUInt32LE(mates, AT.mates);
  record.writeUInt32LE(crc32(record.subarray(0, AT.own)), AT.own);
  return record;
}

/** A record in place of one that is no entry any more. */
export function erasedRecord(): Buffer {
  const record = Buffer.alloc(RECORD_BYTES);
  record.writeUInt32LE(ERASED_MAGIC, AT.magic);
  return record;
}

/** Whether a record was taken out. */
export const isErased = (record: Buffer): boolean => record.readUInt32LE(AT.magic) === ERASED_MAGIC;

/** A record of these bytes; undefined where they are torn, or erased. */
export function decodeRecord(record: Buffer): IndexRecord | undefined {
  if (record.length !== RECORD_BYTES || record.readUInt32LE(AT.magic) !== MAGIC) return undefined;
  if (record.readUInt32LE(AT.own) !== crc32(record.subarray(0, AT.own))) return undefined;
  return {
    key: Buffer.from(record.subarray(AT.key, AT.mates)),
    piece: record.readUInt32LE(AT.piece),
    mates: record.readUInt32LE(AT.mates),
    offset: Number(record.readBigUInt64LE(AT.offset)),
    bytes: record.readUInt32LE(AT.bytes),
    checksum: record.readUInt32LE(AT.checksum),
  };
}
