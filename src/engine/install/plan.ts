import { join } from 'node:path';
import { cacheFolder, type Environment } from './cacheFolder.js';
import { type Device, type EngineWheel, engineWheel, type Machine, thisMachine } from './engineWheel.js';
import { fetchArguments, findPythonTools, type PythonTool, resolveWheels } from './pythonTool.js';
import type { ResolvedWheel } from './resolution.js';

/** What `engine install` would do. */
export interface InstallPlan {
  readonly possible: true;
  readonly device: Device;
  /** The user's program that fetches, and how it is called. */
  readonly tool: PythonTool;
  readonly command: readonly string[];
  readonly wheel: EngineWheel;
  readonly wheels: readonly ResolvedWheel[];
  /** As the index states it, else as measured for 2.21.0. */
  readonly downloadBytes: number;
  readonly diskBytes: number;
  /** Where the libraries go. */
  readonly folder: string;
}

/** Why nothing can be installed, on one line. */
export interface NoInstall {
  readonly possible: false;
  readonly reason: string;
}

/** For which device, machine and user; the last two default to where this runs. */
export interface PlanOptions {
  readonly device: Device;
  readonly machine?: Machine;
  readonly environment?: Environment;
  readonly signal?: AbortSignal | undefined;
}

/** The folder in the cache that holds every installed libtensorflow. */
export const librariesFolder = (environment: Environment): string =>
  join(cacheFolder(environment), 'libtensorflow');

function downloadBytes(wheel: EngineWheel, wheels: readonly ResolvedWheel[]): number {
  const sizes = wheels.map(({ bytes }) => bytes ?? Number.NaN);
  const sum = sizes.reduce((total, size) => total + size, 0);
  return Number.isNaN(sum) ? wheel.downloadBytes : sum;
}

/** Puts a plan together from what a tool resolved. */
export function planFrom(
  device: Device,
  wheel: EngineWheel,
  tool: PythonTool,
  wheels: readonly ResolvedWheel[],
  environment: Environment,
): InstallPlan {
  const root = librariesFolder(environment);
  const version = wheels.find(({ name }) => name.startsWith('tensorflow'))?.version;
  return {
    possible: true,
    device,
    tool,
    command: [...tool.command, ...fetchArguments(tool.kind, wheel, partialPaths(root, device))],
    wheel,
    wheels,
    downloadBytes: downloadBytes(wheel, wheels),
    diskBytes: wheel.diskBytes,
    folder: join(root, `${version}-${device}`),
  };
}

/** The folders of an installation under way; `locateEngine` never looks into them. */
export function partialPaths(root: string, device: Device) {
  const partial = join(root, `.partial-${device}`);
  return {
    partial,
    requirements: join(partial, 'requirements.txt'),
    download: join(partial, 'download'),
    temporary: join(partial, 'temporary'),
    toolCache: join(partial, 'tool-cache'),
    unpacked: join(partial, 'unpacked'),
    replaced: join(partial, 'replaced'),
  };
}

/** What would be downloaded for a device, with which of the user's tools; asks the package index, downloads nothing. */
export async function planInstall(options: PlanOptions): Promise<InstallPlan | NoInstall> {
  const { device, machine = thisMachine(), environment = process.env, signal } = options;
  const wheel = engineWheel(device, machine);
  if (!wheel.supported) return { possible: false, reason: wheel.reason };
  const tools = await findPythonTools(environment, signal);
  if (tools.length === 0) return { possible: false, reason: 'neither pip nor uv was found on the PATH' };
  const failures: string[] = [];
  for (const tool of tools) {
    const resolution = await resolveWheels(tool, wheel, { environment, signal });
    if ('wheels' in resolution) return planFrom(device, wheel, tool, resolution.wheels, environment);
    failures.push(resolution.failure);
  }
  return { possible: false, reason: failures.join(', and ') };
}
