import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { cacheFolder } from '../../engine/install/cacheFolder.js';
import { locateEngine } from '../../engine/install/locate.js';
import { findPythonTools } from '../../engine/install/pythonTool.js';
import { runTool } from '../../engine/install/runTool.js';
import { diskFree, memoryFree, memoryLimit } from '../../system/machine.js';
import { packageFolder } from '../../system/packageFolder.js';
import { type Check, fail, messageOf, ok, warn } from './check.js';

const OLDEST_NODE = [20, 17] as const;
/** Bytes below which a run of a small model is in danger. */
const [LITTLE_MEMORY, LITTLE_DISK] = [1.5e9, 2e9];
const SAMPLE = 'data/emoji-scenes';

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;

function versions(): Check[] {
  const { version } = JSON.parse(readFileSync(join(packageFolder(), 'package.json'), 'utf8')) as {
    version: string;
  };
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [first, second] = OLDEST_NODE;
  const isNew = major > first || (major === first && minor >= second);
  const node = `${process.versions.node} on ${process.platform}-${process.arch}`;
  return [
    ok('vlgraft', version),
    isNew ? ok('Node', node) : fail('Node', node, `install Node ${OLDEST_NODE.join('.')} or newer`),
  ];
}

const cores = (): Check => {
  const threads = availableParallelism();
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  return ok('processor', `${threads} of ${Math.max(threads, cpus().length)} cores, ${model}`);
};

function memory(): Check {
  const [free, all] = [memoryFree(), memoryLimit()];
  const found = `${gigabytes(free)} free of ${gigabytes(all)}`;
  return free >= LITTLE_MEMORY
    ? ok('memory', found)
    : warn('memory', found, 'end other programs, or take a smaller training.batchSize');
}

function disk(name: string, folder: string, advice: string): Check {
  const free = diskFree(folder);
  if (free === undefined) return warn(name, `unknown in ${folder}`, 'see that there is room');
  const found = `${gigabytes(free)} free in ${folder}`;
  return free >= LITTLE_DISK ? ok(name, found) : warn(name, found, advice);
}

const disks = (): Check[] => [
  disk('cache', cacheFolder(), 'make room, or let VLGRAFT_CACHE name a folder on another disk'),
  disk('folder', process.cwd(), "make room, or let the recipe's output name a folder on another disk"),
];

function isEngineThere(): boolean {
  try {
    return locateEngine().found;
  } catch {
    return false;
  }
}

async function python(signal: AbortSignal | undefined): Promise<Check> {
  const tools = await findPythonTools(process.env, signal);
  if (tools.length > 0)
    return ok('pip, uv', tools.map(({ kind, version }) => `${kind} ${version}`).join(', '));
  const found = 'neither is there';
  return isEngineThere()
    ? ok('pip, uv', `${found}, and the engine is`)
    : warn('pip, uv', found, 'install Python with pip, or uv: `vlgraft engine install` fetches by them');
}

function engineDevice(): string | undefined {
  try {
    const engine = locateEngine();
    return engine.found ? engine.device : undefined;
  } catch {
    return undefined;
  }
}

async function graphics(signal: AbortSignal | undefined): Promise<Check> {
  const query = ['nvidia-smi', '--query-gpu=name,driver_version', '--format=csv,noheader'];
  const { code, stdout } = await runTool(query, { environment: process.env, signal });
  const [card] = code === 0 ? stdout.trim().split('\n') : [];
  const device = engineDevice();
  if (!card) {
    return device === 'cuda'
      ? warn('GPU', 'the engine is for CUDA and no driver answers', 'install the driver of NVIDIA')
      : ok('GPU', 'none: no driver of NVIDIA answers; the processor computes');
  }
  return device === 'cuda'
    ? ok('GPU', `${card}, and an engine for CUDA`)
    : warn('GPU', `${card}, and no engine for CUDA`, 'vlgraft engine install --device cuda');
}

const sample = (): Check =>
  existsSync(join(SAMPLE, 'dataset.json'))
    ? ok('sample data', SAMPLE)
    : warn('sample data', `not in ${SAMPLE}`, 'vlgraft data make emoji-scenes, for the shipped recipes');

/** One check; whatever goes wrong with it is its finding. */
async function attempt(
  name: string,
  make: () => Check | readonly Check[] | Promise<Check>,
): Promise<Check[]> {
  try {
    const made = await make();
    return Array.isArray(made) ? [...(made as Check[])] : [made as Check];
  } catch (error) {
    return [fail(name, messageOf(error), 'this should not happen: please report it')];
  }
}

/** What can be seen without starting the engine. */
export async function machineChecks(signal: AbortSignal | undefined): Promise<Check[]> {
  const found = [
    await attempt('versions', versions),
    await attempt('processor', cores),
    await attempt('memory', memory),
    await attempt('disk', disks),
    await attempt('pip, uv', () => python(signal)),
    await attempt('GPU', () => graphics(signal)),
    await attempt('sample data', sample),
  ];
  return found.flat();
}
