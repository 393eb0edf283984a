import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { takeLock } from '../../system/lockFile.js';
import { makeFolder } from '../../system/makeFolder.js';

/** An installation that said nothing for so long has ended, be it on another host. */
const SILENCE_MILLISECONDS = 60_000;

/**
 * Runs `work` while this process alone holds the lock file; waits for another holder, takes over one that died.
 * @throws the signal's reason when it aborts while waiting.
 */
export async function withLock<Result>(
  file: string,
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
): Promise<Result> {
  makeFolder(dirname(file));
  for (;;) {
    const lock = takeLock(file, SILENCE_MILLISECONDS);
    if ('release' in lock) {
      try {
        return await work();
      } finally {
        lock.release();
      }
    }
    await wait(200, undefined, { ...(signal && { signal }) });
  }
}
