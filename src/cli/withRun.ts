import type { Command } from 'commander';
import { UsageError } from '../base/errors.js';
import type { AdapterScales } from '../trained/adapterScales.js';
import type { LoadedRun } from '../trained/loadedRun.js';
import { type Follow, longWork } from './longWork.js';
import type { Shell } from './shell.js';

/** Options of verbs that ask a finished run. */
export interface RunChoice {
  readonly adapters?: string;
  readonly average?: readonly string[];
}

/** Adds them to a verb. */
export const addRunChoice = (command: Command): Command =>
  command
    .option(
      '--adapters <list>',
      "adapters that act, each with a factor if you like: 'bottleneck,shortcut=0.5'; 'none' for the backbone alone",
    )
    .option('--average <runs...>', 'other runs of the same recipe: the mean of all weights is asked');

/** `a,b=0.5` -> factors by name; throws UsageError with every factor that is no number. */
function parseAdapters(list: string): AdapterScales {
  if (list.trim() === 'none') return {};
  const entries = list.split(',').map((entry) => {
    const [name = '', factor = '1', ...others] = entry.split('=').map((part) => part.trim());
    return { entry, name, factor: others.length > 0 || factor === '' ? Number.NaN : Number(factor) };
  });
  const problems = entries
    .filter(({ name, factor }) => name === '' || !Number.isFinite(factor))
    .map(({ entry }) => ({
      where: '--adapters',
      message: `'${entry.trim()}' is not an adapter with a factor`,
      expected: 'for example bottleneck=0.5',
    }));
  if (problems.length > 0) throw new UsageError(problems);
  return Object.fromEntries(entries.map(({ name, factor }) => [name, factor]));
}

/** Loads a run, works with it with progress on stderr, and frees it. */
export async function withRun<T>(
  shell: Shell,
  folder: string,
  { adapters, average }: RunChoice,
  work: (run: LoadedRun, follow: Follow) => Promise<T>,
): Promise<T> {
  const options = {
    modules: await shell.modules(),
    ...(adapters !== undefined && { adapters: parseAdapters(adapters) }),
    ...(average && { average }),
  };
  const { loadRun } = await import('../trained/loadedRun.js');
  return longWork(shell, async (follow) => {
    const run = await loadRun(folder, options);
    try {
      return await work(run, follow);
    } finally {
      await run.dispose();
    }
  });
}
