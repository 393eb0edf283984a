import { setEndsAtOnce } from '../endsAtOnce.js';
import { InterruptedError } from '../errors.js';
import { signalsHeard } from '../signalsHeard.js';
import { errorWords } from '../systemErrors.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

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
  const listen = () => {
    for (const name of SIGNALS) process.on(name, onSignal);
  };
  const leave = () => {
    for (const name of SIGNALS) process.off(name, onSignal);
  };
  let inside = 0;
  // Without a listener the system ends the process, which no loop can put off. A signal from before would be lost with it.
  const before = setEndsAtOnce(async (work) => {
    await signalsHeard();
    controller.signal.throwIfAborted();
    if (inside++ === 0) leave();
    try {
      return await work();
    } finally {
      if (--inside === 0) listen();
    }
  });
  listen();
  try {
    return await work(controller.signal);
  } catch (error) {
    if (!controller.signal.aborted || error instanceof InterruptedError) throw error;
    throw new InterruptedError(errorWords(error));
  } finally {
    leave();
    setEndsAtOnce(before);
  }
}
