import { open, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InterruptedError, UsageError } from '../../base/errors.js';
import type { OnProgress } from '../../base/progress.js';
import { endsAtOnce } from '../../system/endsAtOnce.js';
import { makeFolder } from '../../system/makeFolder.js';
import { errorWords, withFile } from '../../system/systemErrors.js';
import type { Archive, RecordedFile } from './archive.js';
import type { Environment } from './cacheFolder.js';
import { downloadWheels } from './download.js';
import { EngineInstallError } from './engineInstallError.js';
import type { Device, Machine } from './engineWheel.js';
import { checkFiles } from './integrity.js';
import { installKernels } from './kernels.js';
import { type EngineManifest, type LocatedEngine, locateInstalled } from './locate.js';
import { withLock } from './lock.js';
import { type InstallPlan, librariesFolder, partialPaths, planInstall } from './plan.js';
import { neededFiles, unpack } from './unpack.js';

/** What to install; machine and environment default to where this runs. */
export interface InstallOptions {
  readonly device: Device;
  /** Installs again what is already there. */
  readonly force?: boolean;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
  readonly machine?: Machine;
  readonly environment?: Environment;
}

/** The engine that is now there. */
export interface InstalledEngine extends LocatedEngine {
  /** It was there before, and nothing was done. */
  readonly already: boolean;
  /** Folder of the kernels' package. */
  readonly kernels: string;
}

type Context = Required<Pick<InstallOptions, 'device' | 'force' | 'onProgress' | 'environment'>> &
  Pick<InstallOptions, 'signal' | 'machine'>;

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}

async function checkSpace({ downloadBytes, diskBytes }: InstallPlan, folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const needed = downloadBytes + diskBytes;
  if (bavail * bsize >= needed) return;
  const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1);
  throw new Error(
    `${gigabytes(needed)} GB are needed in ${folder}, ${gigabytes(bavail * bsize)} GB are free`,
  );
}

async function unpackAll(
  archives: readonly Archive[],
  folder: string,
  context: Context,
): Promise<RecordedFile[]> {
  const chosen = archives.map((archive) => ({ archive, files: neededFiles(archive) }));
  const all = chosen.flatMap(({ files }) => files);
  const libraries = all.filter(({ path }) => path.startsWith('tensorflow/'));
  if (libraries.length !== 2) throw new Error('the wheel does not hold the two libraries of TensorFlow');
  const megabytes = (bytes: number) => Math.round(bytes / 1e6);
  const total = megabytes(all.reduce((sum, { bytes }) => sum + bytes, 0));
  let done = 0;
  let told = -1;
  const onBytes = (bytes: number) => {
    done += bytes;
    if (megabytes(done) === told) return;
    told = megabytes(done);
    context.onProgress({ stage: 'engine unpack', done: told, total, unit: 'MB' });
  };
  for (const { archive, files } of chosen) await unpack(archive, files, folder, onBytes, context.signal);
  return all;
}

function manifestOf(plan: InstallPlan, archives: readonly Archive[], files: RecordedFile[]): EngineManifest {
  const version = archives
    .flatMap(({ packages }) => packages)
    .map((name) => /^tensorflow(?:_cpu)?-([\d.]+)$/.exec(name)?.[1])
    .find((found) => found !== undefined);
  if (!version) throw new Error('the wheel does not tell its version');
  const wheels = plan.wheels.map((wheel) => ({
    name: wheel.name,
    version: wheel.version,
    ...(wheel.sha256 && { sha256: wheel.sha256 }),
  }));
  return { version, device: plan.device, wheels, files };
}

/** Puts the finished folder in its place in one step, over an older one if there is one. */
async function publish(paths: ReturnType<typeof partialPaths>, target: string): Promise<void> {
  await syncFolder(paths.unpacked);
  await rename(target, paths.replaced).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(paths.unpacked, target);
  await syncFolder(dirname(target));
}

async function fetchAndUnpack(plan: InstallPlan, context: Context): Promise<void> {
  const root = librariesFolder(context.environment);
  const paths = partialPaths(root, plan.device);
  await checkSpace(plan, root);
  await rm(paths.unpacked, { recursive: true, force: true });
  makeFolder(paths.unpacked);
  const archives = await downloadWheels(plan, context);
  try {
    const files = await unpackAll(archives, paths.unpacked, context);
    const manifest = manifestOf(plan, archives, files);
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    const file = join(paths.unpacked, 'engine.json');
    await withFile(file, writeFile(file, text, { flush: true }));
    await publish(paths, join(root, `${manifest.version}-${plan.device}`));
  } finally {
    for (const archive of archives) archive.close();
  }
}

async function installLibraries(context: Context): Promise<void> {
  const { environment, device, machine, signal } = context;
  const plan = await planInstall({ device, environment, signal, ...(machine && { machine }) });
  signal?.throwIfAborted();
  if (!plan.possible) throw new EngineInstallError(plan.reason);
  const { partial, temporary, unpacked } = partialPaths(librariesFolder(environment), device);
  try {
    await fetchAndUnpack(plan, context);
  } finally {
    // After an interruption a wheel that has arrived whole stays for the next time.
    const waste = signal?.aborted ? [temporary, unpacked] : [partial];
    for (const path of waste) await rm(path, { recursive: true, force: true });
  }
}

function inWords(error: unknown, signal: AbortSignal | undefined): Error {
  if (signal?.aborted)
    return new InterruptedError('engine install was interrupted; call it again to finish it');
  if (error instanceof EngineInstallError) return error;
  return new EngineInstallError(errorWords(error));
}

/** The engine that is there with the bytes that it was installed with, all of which are read. */
async function locateWhole(device: Device, environment: Environment): Promise<LocatedEngine | undefined> {
  const installed = locateInstalled(device, environment);
  try {
    if (installed) await endsAtOnce(() => checkFiles(installed, true));
    return installed;
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

async function installOnce(context: Context): Promise<InstalledEngine> {
  const { device, environment, force, signal } = context;
  const kernels = await installKernels(environment, force, signal);
  const before = force ? undefined : await locateWhole(device, environment);
  if (before) return { ...before, kernels, already: true };
  const lock = join(librariesFolder(environment), `${device}.lock`);
  return withLock(lock, signal, async () => {
    const meanwhile = force ? undefined : await locateWhole(device, environment);
    if (meanwhile) return { ...meanwhile, kernels, already: true };
    await installLibraries(context);
    const installed = await locateWhole(device, environment);
    if (!installed) throw new EngineInstallError('the libraries that were unpacked are not there');
    return { ...installed, kernels, already: false };
  });
}

/**
 * Puts libtensorflow, and the kernels where node_modules lacks them, into the user's cache folder; safe to interrupt, to
 * repeat and to run twice at once.
 * @throws EngineInstallError with the reason on one line; InterruptedError when the signal aborts.
 */
export async function installEngine(options: InstallOptions): Promise<InstalledEngine> {
  const { force = false, onProgress = () => {}, environment = process.env } = options;
  try {
    options.signal?.throwIfAborted();
    return await installOnce({ ...options, force, onProgress, environment });
  } catch (error) {
    throw inWords(error, options.signal);
  }
}
