import { createHash } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { UsageError } from '../../base/errors.js';
import type { EngineManifest, LocatedEngine } from './locate.js';

/** Beside `engine.json`: size and time of change of the files whose hashes were found right. */
const CHECKED = 'checked.json';
const PIECE = 1 << 22;

/** Beside the package of the kernels in the cache: its files as they were unpacked. */
const KERNELS = 'kernels.json';

/** Files as their installation noted them. */
type Manifest = Pick<EngineManifest, 'files'>;

type Stamps = Readonly<Record<string, string>>;

const refuse = (file: string, message: string, isOurs: boolean): UsageError =>
  new UsageError({
    file,
    message,
    expected: isOurs ? 'vlgraft engine install --force fetches it again' : 'correct VLGRAFT_LIBTENSORFLOW',
  });

function sha256Of(file: string): string {
  const hash = createHash('sha256');
  const handle = openSync(file, 'r');
  try {
    const piece = Buffer.allocUnsafe(PIECE);
    for (let count = 1; count > 0; ) {
      count = readSync(handle, piece, 0, PIECE, null);
      hash.update(piece.subarray(0, count));
    }
    return hash.digest('hex');
  } finally {
    closeSync(handle);
  }
}

function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

/**
 * Compares the files of a manifest with it: sizes always, hashes where size or time of change are others than when they
 * were last found right, or always. Throws UsageError that names the first file that is damaged.
 */
function checkManifest(folder: string, { files }: Manifest, full: boolean, isOurs: boolean): void {
  const before: Stamps = (full ? undefined : readJson<Stamps>(join(folder, CHECKED))) ?? {};
  const now: Record<string, string> = {};
  for (const { path, bytes, sha256 } of files) {
    const file = join(folder, path);
    const status = statSync(file, { throwIfNoEntry: false });
    if (status?.size !== bytes)
      throw refuse(file, `it is damaged: ${status?.size ?? 0} bytes, and not ${bytes}`, isOurs);
    const stamp = `${status.size} ${status.mtimeMs} ${sha256}`;
    if (before[path] !== stamp && sha256Of(file) !== sha256)
      throw refuse(file, 'it is damaged: it has not the hash that it was installed with', isOurs);
    now[path] = stamp;
  }
  if (JSON.stringify(before) === JSON.stringify(now)) return;
  try {
    writeFileSync(join(folder, CHECKED), `${JSON.stringify(now)}\n`);
  } catch {
    // A folder that can only be read: hashes are looked at each time.
  }
}

/** Where the section headers of a 64-bit ELF file end, which linkers put last (System V ABI); undefined for others. */
function endOfElf(header: Buffer): number | undefined {
  if (header.readUInt32BE(0) !== 0x7f454c46 || header[4] !== 2) return undefined;
  return Number(header.readBigUInt64LE(40)) + header.readUInt16LE(58) * header.readUInt16LE(60);
}

const MACH_O = new Set([0xcffaedfe, 0xcafebabe]);

/** Throws UsageError where a file is no library, or its end is missing: loading it would end the process. */
function checkLibrary(file: string, isOurs: boolean): void {
  const handle = openSync(file, 'r');
  try {
    const header = Buffer.alloc(64);
    const isLong = readSync(handle, header, 0, header.length, 0) === header.length;
    const end = isLong ? endOfElf(header) : undefined;
    const isLibrary = process.platform === 'darwin' ? MACH_O.has(header.readUInt32BE(0)) : end !== undefined;
    if (!isLibrary) throw refuse(file, 'this is not a shared library', isOurs);
    if (end !== undefined && end > fstatSync(handle).size)
      throw refuse(file, 'the end of this library is missing', isOurs);
  } finally {
    closeSync(handle);
  }
}

/**
 * Compares the files of an engine with what its installation noted of them, where it did.
 * @param full every byte is hashed, whether files changed or not
 */
export function checkFiles({ libraries, source }: LocatedEngine, full: boolean): void {
  const folder = dirname(dirname(libraries.tensorflow));
  const manifest = readJson<EngineManifest>(join(folder, 'engine.json'));
  if (manifest) checkManifest(folder, manifest, full, source === 'cache');
}

/**
 * Looks at an engine before it is loaded; throws UsageError that names the file that is damaged and says what to do.
 * @param full as in `checkFiles`
 */
export function checkEngine(engine: LocatedEngine, full = false): void {
  checkFiles(engine, full);
  for (const file of Object.values(engine.libraries)) checkLibrary(file, engine.source === 'cache');
}

/** Notes size and hash of every file in a folder of kernels, for `checkKernels`. */
export function noteKernels(folder: string): void {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.flatMap((path) => {
    const status = statSync(join(folder, path));
    return status.isFile() ? [{ path, bytes: status.size, sha256: sha256Of(join(folder, path)) }] : [];
  });
  writeFileSync(join(folder, KERNELS), `${JSON.stringify({ files })}\n`, { flush: true });
}

/**
 * Compares kernels that were fetched into the cache with what was noted of them; throws UsageError that names the file
 * that is damaged.
 * @param kernels folder of their package
 * @param full as in `checkFiles`
 * @returns whether something was noted, which it is not of those in node_modules
 */
export function checkKernels(kernels: string, full = false): boolean {
  const folder = dirname(kernels);
  const manifest = readJson<Manifest>(join(folder, KERNELS));
  if (manifest) checkManifest(folder, manifest, full, true);
  return manifest !== undefined;
}
