import { setImmediate } from 'node:timers/promises';
import { InterruptedError } from '../errors.js';

/** Lets a signal that came during synchronous work be heard; throws InterruptedError where the work is to stop. */
export async function stopIfAsked(signal: AbortSignal | undefined, when: string): Promise<void> {
  await setImmediate();
  if (signal?.aborted) throw new InterruptedError(`interrupted ${when}`);
}
