import { interruptible } from './interrupt.js';
import type { ProgressView } from './progressView.js';
import type { Shell } from './shell.js';

/** What long work is given to be followed and stopped by. */
export interface Follow extends Pick<ProgressView, 'onProgress' | 'onLog'> {
  readonly signal: AbortSignal;
}

/** Runs long work with its progress on stderr and Ctrl-C stopping it cleanly. */
export async function longWork<T>(shell: Shell, work: (follow: Follow) => Promise<T>): Promise<T> {
  const { createProgressView } = await import('./progressView.js');
  const { onProgress, onLog, close } = createProgressView(shell);
  try {
    return await interruptible(onLog, (signal) => work({ onProgress, onLog, signal }));
  } finally {
    close();
  }
}
