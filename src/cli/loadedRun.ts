import type { LoadedRun } from '../training/loadedRun.js';
import { type Follow, longWork } from './longWork.js';
import type { Shell } from './shell.js';

/** Loads a run, works with it with progress on stderr, and frees it. */
export async function withRun<T>(
  shell: Shell,
  folder: string,
  work: (run: LoadedRun, follow: Follow) => Promise<T>,
): Promise<T> {
  const { loadRun } = await import('../training/loadedRun.js');
  return longWork(shell, async (follow) => {
    const run = await loadRun(folder);
    try {
      return await work(run, follow);
    } finally {
      await run.dispose();
    }
  });
}
