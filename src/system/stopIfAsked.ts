import { InterruptedError } from '../base/errors.js';
import { signalsHeard } from './signalsHeard.js';

/** Lets a signal that came during synchronous work be heard; throws InterruptedError where the work is to stop. */
export async function stopIfAsked(signal: AbortSignal | undefined, when: string): Promise<void> {
  await signalsHeard();
  if (signal?.aborted) throw new InterruptedError(`interrupted ${when}`);
}
