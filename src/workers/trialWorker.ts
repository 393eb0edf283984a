// One trial in a process of its own: started by comparison/trialProcess.ts, told what to do and followed by messages.

import { InterruptedError, UsageError } from '../base/errors.js';
import type { Progress } from '../base/progress.js';
import type { FromTrial, TrialEnd, TrialStart } from '../comparison/trialMessages.js';
import { loadModules } from '../modules/loadFiles.js';
import { reportedRun } from '../report/reportedRun.js';
import { listenButAtOnce } from '../system/endsAtOnce.js';
import { errorWords } from '../system/systemErrors.js';

const controller = new AbortController();
const tell = (message: FromTrial): void => {
  if (process.connected) process.send?.(message);
};

function endOf(error: unknown): TrialEnd {
  if (error instanceof UsageError) return { kind: 'refused', problems: error.problems };
  return { kind: error instanceof InterruptedError ? 'interrupted' : 'failed', message: errorWords(error) };
}

/** Whether the one that started this process may go without a word. */
let over = false;

async function run({ settings, resume, overwrite, use }: TrialStart): Promise<void> {
  const { signal } = controller;
  try {
    const options = {
      resume,
      overwrite,
      signal,
      onProgress: (progress: Progress) => tell({ kind: 'progress', progress }),
    };
    await reportedRun(settings, options, await loadModules(use));
    tell({ kind: 'finished' });
  } catch (error) {
    tell(endOf(error));
  } finally {
    over = true;
    process.disconnect?.();
  }
}

process.on('message', (start: TrialStart) => void run(start));
const stop = () => controller.abort(new InterruptedError('interrupted'));
// A terminal sends Ctrl-C to this process too: the one that started it says when to stop. Without that one, it stops.
process.on('SIGINT', () => {});
listenButAtOnce(['SIGTERM'], stop, controller.signal);
process.on('disconnect', () => {
  if (!over) process.kill(process.pid, 'SIGTERM');
});
