import { InterruptedError } from '../base/errors.js';
import { listenButAtOnce } from '../system/endsAtOnce.js';
import { errorWords } from '../system/systemErrors.js';

/**
 * Runs work that stops cleanly: the first Ctrl-C aborts the signal, so that the work saves its state and throws;
 * the second ends the process at once. Whatever the work throws after an abort becomes InterruptedError.
 */
export async function interruptible<T>(
  log: (line: string) => void,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new InterruptedError('interrupted'));
    log('stopping cleanly; Ctrl-C again ends at once');
  };
  const leave = listenButAtOnce(['SIGINT', 'SIGTERM'], onSignal, controller.signal);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (!controller.signal.aborted || error instanceof InterruptedError) throw error;
    throw new InterruptedError(errorWords(error));
  } finally {
    leave();
  }
}
