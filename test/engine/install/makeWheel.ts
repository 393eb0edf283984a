import { createHash } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';

/** A file in a wheel that a test makes. */
export interface WheelFile {
  readonly path: string;
  readonly content: Buffer;
  /** What RECORD says instead of the truth. */
  readonly recorded?: { readonly sha256?: string; readonly bytes?: number };
}

function recordOf(files: readonly WheelFile[]): string {
  const line = ({ path, content, recorded }: WheelFile) => {
    const digest = recorded?.sha256 ?? createHash('sha256').update(content).digest('base64url');
    return `${path},sha256=${digest},${recorded?.bytes ?? content.length}\n`;
  };
  return files.map(line).join('');
}

/** The fields that a zip's local header and its directory share (APPNOTE 4.3.7, 4.3.12). */
function commonHeader(name: Buffer, content: Buffer, packed: Buffer): Buffer {
  const header = Buffer.alloc(26);
  header.writeUInt16LE(20, 0);
  header.writeUInt16LE(8, 4);
  header.writeUInt32LE(crc32(content), 10);
  header.writeUInt32LE(packed.length, 14);
  header.writeUInt32LE(content.length, 18);
  header.writeUInt16LE(name.length, 22);
  return header;
}

function zip(files: readonly { readonly path: string; readonly content: Buffer }[]): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { path, content } of files) {
    const name = Buffer.from(path);
    const packed = deflateRawSync(content);
    const common = commonHeader(name, content, packed);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, name, packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), common, tail, name]));
    locals.push(local);
    offset += local.length;
  }
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.length, 4);
  end.writeUInt16LE(files.length, 6);
  end.writeUInt32LE(Buffer.concat(directory).length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, ...directory, Buffer.from('PK\x05\x06'), end]);
}

/** The two libraries, small enough for a test and long enough to arrive in several pieces. */
export const libraryFiles: readonly WheelFile[] = [
  { path: 'tensorflow/libtensorflow_framework.so.2', content: Buffer.alloc(300_000, 'framework') },
  { path: 'tensorflow/libtensorflow_cc.so.2', content: Buffer.alloc(2_500_000, 'tensorflow') },
];

/** A wheel with RECORD, as `tensorflow_cpu-2.21.0-…whl` is laid out. */
export function makeWheel(
  files: readonly WheelFile[] = libraryFiles,
  name = 'tensorflow_cpu-2.21.0',
): Buffer {
  const other = { path: 'tensorflow/python/other.py', content: Buffer.from('print()\n') };
  const record = { path: `${name}.dist-info/RECORD`, content: Buffer.from(recordOf([...files, other])) };
  return zip([...files, other, record]);
}
