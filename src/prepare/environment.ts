import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { type EngineInfo, engineInfo } from '../engine/index.js';
import { packageFolder } from '../system/packageFolder.js';
import type { AddedModule } from './modules.js';

/** What a run ran on; no host names and no paths, so that it can be shared. */
export interface Environment {
  readonly vlgraft: string;
  readonly node: string;
  readonly platform: string;
  readonly engine: Pick<EngineInfo, 'backend' | 'version' | 'device' | 'threads'>;
  readonly processor: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** What the run needed that does not come with this package; absent: nothing. */
  readonly modules?: readonly AddedModule[];
}

const packageVersion = (): string =>
  (JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as { version: string }).version;

/**
 * Describes this process; the engine must have been started.
 * @param modules that were added, without paths of this machine
 */
export function describeEnvironment(modules: readonly AddedModule[] = []): Environment {
  const { backend, version, device, threads } = engineInfo();
  return {
    vlgraft: packageVersion(),
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    engine: { backend, version, device, threads },
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    ...(modules.length > 0 && { modules }),
  };
}

/** What `resourceUsage` says starts, on Linux, at the memory of the process that started this one; VmHWM does not. */
function ownPeakKibibytes(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  try {
    return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) || undefined;
  } catch {
    return undefined;
  }
}

/** Largest resident memory that this process had, bytes. */
export const peakMemoryBytes = (): number => (ownPeakKibibytes() ?? process.resourceUsage().maxRSS) * 1024;
