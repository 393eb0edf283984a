import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { makeFolder } from '../../system/makeFolder.js';
import { withFile } from '../../system/systemErrors.js';
import type { Archive, RecordedFile } from './archive.js';

// Whole paths without room for `..`: what matches stays inside the folder it is unpacked into.
const wanted = [
  /^tensorflow\/libtensorflow_(cc|framework)\.(so\.2|2\.dylib)$/,
  /^nvidia\/\w+\/lib\/[^/]+\.so(\.\d+)*$/,
  // What TensorFlow calls when it compiles GPU code.
  /^nvidia\/cuda_nvcc\/(bin\/ptxas|nvvm\/libdevice\/libdevice\.\d+\.bc)$/,
];

/** The files of an archive that the engine needs: TensorFlow's two libraries and what NVIDIA's wheels bring for them. */
export const neededFiles = (archive: Archive): RecordedFile[] =>
  archive.recorded.filter(({ path }) => wanted.some((pattern) => pattern.test(path)));

/** Passes bytes on, counts and hashes them, and fails as soon as there are more than the RECORD says. */
function verify({ path, bytes, sha256 }: RecordedFile, onBytes: (bytes: number) => void): Transform {
  const hash = createHash('sha256');
  let seen = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (seen > bytes) return done(new Error(`${path} is longer than its RECORD says`));
      hash.update(chunk);
      onBytes(chunk.length);
      done(null, chunk);
    },
    flush(done) {
      const right = seen === bytes && hash.digest('hex') === sha256;
      done(right ? null : new Error(`${path} does not have the hash its RECORD states`));
    },
  });
}

/**
 * Writes files of an archive into a folder under their own paths, synced to disk.
 * @throws when a size or a hash differs from the archive's RECORD, or the signal aborts.
 */
export async function unpack(
  archive: Archive,
  files: readonly RecordedFile[],
  folder: string,
  onBytes: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  for (const file of files) {
    const target = join(folder, file.path);
    makeFolder(dirname(target));
    const source = await archive.open(file.path);
    const output = createWriteStream(target, { flags: 'wx', mode: 0o755, flush: true });
    await withFile(target, pipeline(source, verify(file, onBytes), output, { ...(signal && { signal }) }));
  }
}
