import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const heartbeatMilliseconds = 5_000;
const staleMilliseconds = 60_000;

const owner = (): string => JSON.stringify({ pid: process.pid, host: hostname() });

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** A lock is stale when its process is gone or, on another host or with a reused pid, when its heartbeat stopped. */
async function isStale(file: string): Promise<boolean> {
  const { mtimeMs } = await stat(file);
  if (Date.now() - mtimeMs > staleMilliseconds) return true;
  try {
    const { pid, host } = JSON.parse(await readFile(file, 'utf8')) as { pid: number; host: string };
    return host === hostname() && !isRunning(pid);
  } catch {
    return false;
  }
}

async function removeStale(file: string): Promise<void> {
  const aside = `${file}.${process.pid}`;
  await rename(file, aside);
  // Someone else may have taken the stale lock over in between: then this is theirs, and goes back.
  if (!(await isStale(aside))) await link(aside, file).catch(() => {});
  await rm(aside, { force: true });
}

async function tryLock(file: string): Promise<boolean> {
  try {
    await writeFile(file, owner(), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  try {
    if (await isStale(file)) await removeStale(file);
  } catch (error) {
    // Released or taken over by another process while this one looked.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return false;
}

/**
 * Runs `work` while this process alone holds the lock file; waits for another holder, takes over one that died.
 * @throws the signal's reason when it aborts while waiting.
 */
export async function withLock<Result>(
  file: string,
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  await mkdir(dirname(file), { recursive: true });
  while (!(await tryLock(file))) await wait(200, undefined, { ...(signal && { signal }) });
  const beat = () => utimes(file, new Date(), new Date()).catch(() => {});
  const heartbeat = setInterval(beat, heartbeatMilliseconds);
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    await rm(file, { force: true });
  }
}
