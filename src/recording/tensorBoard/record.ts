import { maskedCrc32c } from './crc32c.js';

/** Bytes before and after the content of a record. */
const HEADER = 12;
const FOOTER = 4;

/** Content as a TFRecord: its length, a checksum of that, the content, a checksum of it; little-endian. */
export function frameRecord(content: Uint8Array): Uint8Array {
  const record = new Uint8Array(HEADER + content.length + FOOTER);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(content.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(content, HEADER);
  view.setUint32(HEADER + content.length, maskedCrc32c(content), true);
  return record;
}

/** A record of a file. */
interface FoundRecord {
  readonly content: Uint8Array;
  /** Bytes of the file up to its end. */
  readonly end: number;
}

/** The whole records at the beginning of a file; what is torn or damaged ends them. */
export function* readRecords(file: Uint8Array): Generator<FoundRecord, void, undefined> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  for (let start = 0; start + HEADER + FOOTER <= file.length; ) {
    if (view.getUint32(start + 8, true) !== maskedCrc32c(file.subarray(start, start + 8))) return;
    const length = Number(view.getBigUint64(start, true));
    const end = start + HEADER + length + FOOTER;
    if (end > file.length) return;
    const content = file.subarray(start + HEADER, end - FOOTER);
    if (view.getUint32(end - FOOTER, true) !== maskedCrc32c(content)) return;
    yield { content, end };
    start = end;
  }
}
