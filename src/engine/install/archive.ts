import { createReadStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import yauzl, { type Entry, type ZipFile } from 'yauzl';

/** Size and SHA-256 (hexadecimal) of a file, as the wheel's RECORD states them. */
export interface RecordedFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** The contents of a wheel, packed (pip) or already unpacked (uv). */
export interface Archive {
  /** The wheels in it as `package-version`, for example `tensorflow_cpu-2.21.0`. */
  readonly packages: readonly string[];
  /** What RECORD lists with a hash. */
  readonly recorded: readonly RecordedFile[];
  open(path: string): Promise<Readable>;
  close(): void;
}

const recordPath = /^([^/]+)\.dist-info\/RECORD$/;
const largestRecord = 64e6;

/** Reads the lines `path,sha256=<base64url>,<bytes>` of a wheel's RECORD; lines without a hash are left out. */
function parseRecord(text: string): RecordedFile[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const [, path, digest, bytes] = /^"?([^",]+)"?,sha256=([\w-]+),(\d+)$/.exec(line) ?? [];
    if (!path || !digest) return [];
    return [{ path, bytes: Number(bytes), sha256: Buffer.from(digest, 'base64url').toString('hex') }];
  });
}

function readEntries(zip: ZipFile): Promise<Map<string, Entry>> {
  return new Promise((done, fail) => {
    const entries = new Map<string, Entry>();
    zip.on('entry', (entry: Entry) => {
      entries.set(entry.fileName, entry);
      zip.readEntry();
    });
    zip.on('end', () => done(entries));
    zip.on('error', fail);
    zip.readEntry();
  });
}

/** Opens a wheel; its files are inflated while they are read. */
export async function openWheel(file: string): Promise<Archive> {
  const openZip = promisify<string, yauzl.Options, ZipFile>(yauzl.open);
  const zip = await openZip(file, { lazyEntries: true, autoClose: false, strictFileNames: true });
  try {
    const entries = await readEntries(zip);
    const openEntry = promisify<Entry, Readable>(zip.openReadStream.bind(zip));
    const open = async (path: string) => {
      const entry = entries.get(path);
      if (!entry) throw new Error(`the wheel has no file ${path}, though its RECORD lists it`);
      return openEntry(entry);
    };
    const record = [...entries.values()].find(({ fileName }) => recordPath.test(fileName));
    if (!record || record.uncompressedSize > largestRecord)
      throw new Error('the wheel has no readable RECORD');
    const text = (await buffer(await openEntry(record))).toString('utf8');
    const packages = [recordPath.exec(record.fileName)![1]!];
    return { packages, recorded: parseRecord(text), open, close: () => zip.close() };
  } catch (error) {
    zip.close();
    throw error;
  }
}

/** Opens a folder that wheels were unpacked into, each with its RECORD. */
export async function openUnpacked(folder: string): Promise<Archive> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.dist-info'));
  const records = await Promise.all(names.map((name) => readFile(join(folder, name, 'RECORD'), 'utf8')));
  return {
    packages: names.map((name) => name.replace(/\.dist-info$/, '')),
    recorded: records.flatMap(parseRecord),
    open: async (path) => createReadStream(join(folder, path)),
    close: () => {},
  };
}
