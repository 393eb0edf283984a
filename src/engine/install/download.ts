import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { OnProgress } from '../../base/progress.js';
import { makeFolder } from '../../system/makeFolder.js';
import { withFile } from '../../system/systemErrors.js';
import { type Archive, openUnpacked, openWheel } from './archive.js';
import type { Environment } from './cacheFolder.js';
import { type InstallPlan, librariesFolder, partialPaths } from './plan.js';
import { explainFailure, requirementLine } from './pythonTool.js';
import type { ResolvedWheel } from './resolution.js';
import { runTool } from './runTool.js';

const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
const pollMilliseconds = 250;

/** Bytes of the files below the folders whose names match. */
async function bytesBelow(folders: readonly string[], name: RegExp): Promise<number> {
  let total = 0;
  for (const folder of folders) {
    const files = await readdir(folder, { recursive: true }).catch(() => []);
    for (const file of files) {
      if (!name.test(file)) continue;
      const entry = await stat(join(folder, file)).catch(() => undefined);
      total += entry?.isFile() ? entry.size : 0;
    }
  }
  return total;
}

/** Tells how much has arrived until the returned function is called. */
function watchDownload(plan: InstallPlan, folders: readonly string[], onProgress: OnProgress): () => void {
  // uv unpacks while it downloads, so that what lies there can't be held against the size of the download.
  const [name, total] = plan.tool.kind === 'pip' ? [/\.whl$/, plan.downloadBytes] : [/./, undefined];
  const known = total === undefined ? {} : { total: megabytes(total) };
  let last = -1;
  const look = async () => {
    const done = Math.min(await bytesBelow(folders, name), total ?? Number.POSITIVE_INFINITY);
    if (done > last) onProgress({ stage: 'engine download', done: megabytes(done), ...known, unit: 'MB' });
    last = Math.max(last, done);
  };
  let timer = setTimeout(async function again() {
    await look();
    if (watching) timer = setTimeout(again, pollMilliseconds);
  }, pollMilliseconds);
  let watching = true;
  return () => {
    watching = false;
    clearTimeout(timer);
  };
}

/** @throws Error where the package index stated another hash for the wheel. */
async function checkHash(file: string, wheel: ResolvedWheel | undefined): Promise<void> {
  if (!wheel?.sha256) return;
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  if (hash.digest('hex') !== wheel.sha256)
    throw new Error(`${wheel.file} does not have the hash its index states`);
}

async function openDownload(plan: InstallPlan, folder: string): Promise<Archive[]> {
  if (plan.tool.kind === 'uv') return [await openUnpacked(folder)];
  const files = (await readdir(folder)).filter((name) => name.endsWith('.whl'));
  const archives: Archive[] = [];
  for (const file of files) {
    const wheel = plan.wheels.find((candidate) => candidate.file === file);
    await checkHash(join(folder, file), wheel);
    archives.push(await openWheel(join(folder, file)));
  }
  return archives;
}

/** What a download needs to know beside its plan. */
export interface DownloadOptions {
  readonly environment: Environment;
  readonly onProgress: OnProgress;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Fetches a plan's wheels with the user's tool and opens them, their hashes checked against the package index.
 * A wheel that an earlier, interrupted call fetched whole is not fetched again.
 * @throws Error with the tool's reason.
 */
export async function downloadWheels(plan: InstallPlan, options: DownloadOptions): Promise<Archive[]> {
  const { environment, onProgress, signal } = options;
  const paths = partialPaths(librariesFolder(environment), plan.device);
  const leftovers = [paths.temporary, plan.tool.kind === 'uv' ? paths.download : paths.unpacked];
  await Promise.all(leftovers.map((path) => rm(path, { recursive: true, force: true })));
  for (const path of [paths.temporary, paths.download]) makeFolder(path);
  const lines = `${plan.wheels.map(requirementLine).join('\n')}\n`;
  await withFile(paths.requirements, writeFile(paths.requirements, lines));
  const stopWatching = watchDownload(plan, [paths.temporary, paths.download], onProgress);
  try {
    // Temporary files and caches of the tool go where this installation cleans up.
    const own = { TMPDIR: paths.temporary, PIP_CACHE_DIR: paths.toolCache };
    const result = await runTool(plan.command, { environment: { ...environment, ...own }, signal });
    signal?.throwIfAborted();
    if (result.code !== 0) throw new Error(explainFailure(plan.tool, result));
  } finally {
    stopWatching();
  }
  return openDownload(plan, paths.download);
}
