import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { extract } from 'tar';
import { UsageError } from '../../base/errors.js';
import { makeFolder } from '../../system/makeFolder.js';
import { withFile } from '../../system/systemErrors.js';
import type { Environment } from './cacheFolder.js';
import { EngineInstallError } from './engineInstallError.js';
import { checkKernels, noteKernels } from './integrity.js';
import { kernelsFolder, kernelsVersion, locateKernels } from './locate.js';
import { withLock } from './lock.js';
import { runTool } from './runTool.js';

/** A package as npm names it, with the hash npm's registry states for that version. */
interface PinnedPackage {
  readonly name: string;
  readonly version: string;
  /** Folder under the kernels' folder. */
  readonly folder: string;
  readonly integrity: string;
}

const packages: readonly PinnedPackage[] = [
  {
    name: '@tensorflow/tfjs-node-gpu',
    version: kernelsVersion,
    folder: 'package',
    integrity:
      'sha512-p//NN6DGiN4hInUmIkRffaFVMcdTREUMjPyjW04J7OXvB2zBlQimj61eFKSgRrH3f5TnOfKzb0n56he/B6a4bw==',
  },
  // The only other package that the kernels load.
  {
    name: 'google-protobuf',
    version: '3.21.4',
    folder: 'node_modules/google-protobuf',
    integrity:
      'sha512-MnG7N936zcKTco4Jd2PX2U96Kf9PxygAPKBug+74LHzmHXmceN16MmRcdgZv+DGef/S9YvQAfRsNCn4cjf9yyQ==',
  },
];

/** The kernels must register with the tfjs that is already loaded, which lies elsewhere than the cache; it has all of tfjs-core. */
const bridge = "module.exports = globalThis[Symbol.for('vlgraft.tfjs')];\n";

/** Whether bytes have the hash an integrity string `sha512-<base64>` states. */
const hasIntegrity = (bytes: Uint8Array, integrity: string): boolean =>
  `sha512-${createHash('sha512').update(bytes).digest('base64')}` === integrity;

interface Fetch {
  readonly folder: string;
  readonly environment: Environment;
  readonly signal: AbortSignal | undefined;
}

async function fetchPackage(
  { name, version, folder, integrity }: PinnedPackage,
  fetch: Fetch,
): Promise<void> {
  const command = ['npm', 'pack', `${name}@${version}`, '--ignore-scripts', '--json'];
  // In the user's folder, so that the npm settings of their project hold.
  const options = { environment: fetch.environment, signal: fetch.signal, folder: process.cwd() };
  const result = await runTool([...command, `--pack-destination=${fetch.folder}`], options);
  fetch.signal?.throwIfAborted();
  if (result.code !== 0) {
    throw new EngineInstallError(`npm did not install ${name}, and \`npm pack\` can't fetch it either`);
  }
  const file = join(fetch.folder, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
  if (!hasIntegrity(await readFile(file), integrity)) {
    throw new EngineInstallError(
      `${name} ${version} came with another hash than the one it was published with`,
    );
  }
  const target = join(fetch.folder, folder);
  makeFolder(target);
  // A package holds files and folders only.
  const filter = (_path: string, entry: object) =>
    'type' in entry && ['File', 'OldFile', 'Directory'].includes(String(entry.type));
  await extract({ file, cwd: target, strip: 1, strict: true, filter });
  await rm(file);
}

async function fillFolder(fetch: Fetch): Promise<void> {
  for (const pinned of packages) await fetchPackage(pinned, fetch);
  for (const name of ['tfjs', 'tfjs-core']) {
    const target = join(fetch.folder, 'node_modules/@tensorflow', name);
    makeFolder(target);
    const file = join(target, 'index.js');
    await withFile(file, writeFile(file, bridge));
  }
}

async function fetchKernels(target: string, environment: Environment, signal?: AbortSignal): Promise<void> {
  const folder = join(dirname(target), '.partial');
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder);
  try {
    await fillFolder({ folder, environment, signal });
    noteKernels(folder);
    // What lies there is not whole, or it would have been found.
    await rm(target, { recursive: true, force: true });
    await rename(folder, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Kernels in node_modules, or those in the cache with the bytes that they were unpacked with. */
function locateWhole(environment: Environment, force: boolean): string | undefined {
  const present = locateKernels(environment);
  if (present !== join(kernelsFolder(environment), 'package')) return present;
  try {
    return !force && checkKernels(present, true) ? present : undefined;
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

/**
 * The folder of the kernels' package; where node_modules lacks that optional peer, fetches it with npm into the cache.
 * @param force fetches again what is in the cache
 * @throws EngineInstallError where npm can't fetch it or its hash is not the published one.
 */
export async function installKernels(
  environment: Environment,
  force: boolean,
  signal?: AbortSignal,
): Promise<string> {
  const present = locateWhole(environment, force);
  if (present) return present;
  const target = kernelsFolder(environment);
  const lock = join(dirname(target), 'kernels.lock');
  return withLock(lock, signal, async () => {
    if (!locateWhole(environment, force)) await fetchKernels(target, environment, signal);
    return join(target, 'package');
  });
}
