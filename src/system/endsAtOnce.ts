import { signalsHeard } from './signalsHeard.js';

/** How work is done that saves nothing and hears no signal before it ends. */
type Around = <T>(work: () => T | Promise<T>) => Promise<T>;

let around: Around = async (work) => work();

/**
 * Does long work without a pause that leaves nothing half done, as reading files of data is: where a program has said how,
 * a signal ends the process at once meanwhile, instead of being heard afterwards.
 */
export const endsAtOnce: Around = (work) => around(work);

/**
 * Listens to signals but while work is done that ends at once: without a listener the system ends the process, which no
 * loop can put off. Returns what ends the listening.
 * @param stopped aborted when a signal is heard; a signal that came before such work stops it with its reason
 */
export function listenButAtOnce(
  names: readonly NodeJS.Signals[],
  onSignal: () => void,
  stopped: AbortSignal,
): () => void {
  const listen = () => {
    for (const name of names) process.on(name, onSignal);
  };
  const leave = () => {
    for (const name of names) process.off(name, onSignal);
  };
  const before = around;
  let inside = 0;
  around = async (work) => {
    await signalsHeard();
    stopped.throwIfAborted();
    if (inside++ === 0) leave();
    try {
      return await work();
    } finally {
      if (--inside === 0) listen();
    }
  };
  listen();
  return () => {
    leave();
    around = before;
  };
}
