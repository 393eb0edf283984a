import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from '../../base/errors.js';
import { cacheFolder, type Environment } from './cacheFolder.js';
import { type Device, engineFolderPattern } from './engineWheel.js';

/** The two libraries the engine loads; absolute paths. */
interface EngineLibraries {
  /** The C API: libtensorflow_cc or libtensorflow. */
  readonly tensorflow: string;
  /** libtensorflow_framework, which the other one needs. */
  readonly framework: string;
}

/** A libtensorflow on this machine, and who put it there. */
export interface LocatedEngine {
  readonly found: true;
  readonly libraries: EngineLibraries;
  readonly source: 'environment' | 'cache' | 'tfjs-node-gpu';
  readonly device: Device;
  /** Absent where only the library itself can tell. */
  readonly version?: string;
}

/** No libtensorflow on this machine. */
export interface MissingEngine {
  readonly found: false;
  /** What is missing and which command brings it, on one line. */
  readonly reason: string;
}

/** What `engine.json` beside an installed library says. */
export interface EngineManifest {
  readonly version: string;
  readonly device: Device;
  /** The wheels the files came from; no hash where the package index gave none. */
  readonly wheels: readonly { readonly name: string; readonly version: string; readonly sha256?: string }[];
  /** Each installed file, its path relative to the manifest, with its size and its hash in hexadecimal. */
  readonly files: readonly { readonly path: string; readonly bytes: number; readonly sha256: string }[];
}

/** Version and folder name of the kernels in the cache. */
export const kernelsVersion = '4.22.0';

const libraryNames = [
  ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'],
  ['libtensorflow.so.2', 'libtensorflow_framework.so.2'],
  ['libtensorflow_cc.2.dylib', 'libtensorflow_framework.2.dylib'],
  ['libtensorflow.2.dylib', 'libtensorflow_framework.2.dylib'],
] as const;

function librariesIn(folder: string): EngineLibraries | undefined {
  for (const [tensorflow, framework] of libraryNames) {
    const libraries = { tensorflow: join(folder, tensorflow), framework: join(folder, framework) };
    if (existsSync(libraries.tensorflow) && existsSync(libraries.framework)) return libraries;
  }
  return undefined;
}

/** The manifest of an installed engine, or nothing where there is none. */
function readManifest(folder: string): EngineManifest | undefined {
  try {
    const manifest = JSON.parse(readFileSync(join(folder, 'engine.json'), 'utf8')) as EngineManifest;
    return Array.isArray(manifest.files) ? manifest : undefined;
  } catch {
    return undefined;
  }
}

function fromEnvironment(setting: string): LocatedEngine {
  const path = resolve(setting);
  const isFile = existsSync(path) && statSync(path).isFile();
  const libraries = librariesIn(isFile ? dirname(path) : path);
  const named = !isFile || /^libtensorflow(_cc|_framework)?\.(so|\d*\.?dylib)/.test(basename(path));
  if (!libraries || !named) {
    throw new UsageError({
      where: `VLGRAFT_LIBTENSORFLOW=${setting}`,
      message: existsSync(path) ? 'libtensorflow is not there' : 'no such file or folder',
      expected: `a folder that holds ${libraryNames[0].join(' and ')}, or the path of that library`,
    });
  }
  const root = dirname(dirname(libraries.tensorflow));
  const manifest = readManifest(root);
  // A GPU wheel finds its CUDA libraries in the folder nvidia beside its own.
  const device = manifest?.device ?? (existsSync(join(root, 'nvidia')) ? 'cuda' : 'cpu');
  const version = manifest && { version: manifest.version };
  return { found: true, libraries, source: 'environment', device, ...version };
}

const byVersion = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true });

function fromCache(environment: Environment, device?: Device): LocatedEngine | undefined {
  const root = join(cacheFolder(environment), 'libtensorflow');
  const names = existsSync(root) ? readdirSync(root).filter((name) => engineFolderPattern.test(name)) : [];
  const wanted = names.filter((name) => !device || name.endsWith(`-${device}`)).sort(byVersion);
  // Newest first, and cuda before cpu, since someone asked for it by name.
  for (const name of wanted.reverse()) {
    const manifest = readManifest(join(root, name));
    const libraries = manifest && librariesIn(join(root, name, 'tensorflow'));
    if (!libraries) continue;
    return { found: true, libraries, source: 'cache', device: manifest.device, version: manifest.version };
  }
  return undefined;
}

/** The folder of @tensorflow/tfjs-node-gpu in node_modules; undefined where it is not there. */
function installedKernels(): string | undefined {
  try {
    return dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-node-gpu/package.json'));
  } catch {
    return undefined;
  }
}

function fromKernels(folder: string | undefined): LocatedEngine | undefined {
  const libraries = folder && librariesIn(join(folder, 'deps', 'lib'));
  if (!libraries) return undefined;
  // The links carry the major version only, the file they lead to the whole one.
  const version = /\.so\.(\d+\.\d+\.\d+)$/.exec(realpathSync(libraries.tensorflow))?.[1];
  const device = process.platform === 'linux' && process.arch === 'x64' ? 'cuda' : 'cpu';
  return { found: true, libraries, source: 'tfjs-node-gpu', device, ...(version && { version }) };
}

/**
 * Finds libtensorflow: VLGRAFT_LIBTENSORFLOW, then the cache of `engine install`, then what tfjs-node-gpu's install
 * script fetched.
 * @throws UsageError where VLGRAFT_LIBTENSORFLOW is set and no library is there.
 */
export function locateEngine(environment: Environment = process.env): LocatedEngine | MissingEngine {
  const setting = environment.VLGRAFT_LIBTENSORFLOW;
  if (setting) return fromEnvironment(setting);
  return (
    fromCache(environment) ??
    fromKernels(installedKernels()) ?? {
      found: false,
      reason: 'libtensorflow is not installed; `vlgraft engine install` fetches it',
    }
  );
}

/** The engine that `engine install` put in the cache for a device, if it is there; it may be damaged. */
export function locateInstalled(device: Device, environment: Environment): LocatedEngine | undefined {
  return fromCache(environment, device);
}

/** Where `engine install` puts the kernels that node_modules lacks. */
export const kernelsFolder = (environment: Environment): string =>
  join(cacheFolder(environment), 'kernels', kernelsVersion);

/**
 * The folder of the package @tensorflow/tfjs-node-gpu: in node_modules, else in the cache; undefined where neither
 * has it. The copy in the cache takes tfjs from `globalThis[Symbol.for('vlgraft.tfjs')]`: set that before loading it.
 */
export function locateKernels(environment: Environment = process.env): string | undefined {
  const cached = join(kernelsFolder(environment), 'package');
  return installedKernels() ?? (existsSync(join(cached, 'package.json')) ? cached : undefined);
}
