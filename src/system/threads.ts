import { availableParallelism } from 'node:os';
import { UsageError } from '../base/errors.js';

/** More than any machine has; TensorFlow is told the number in one byte. */
const MOST = 127;

/**
 * Threads that the engine computes with, and pictures that are decoded at a time: VLGRAFT_THREADS, else the cores that
 * this process may use (as `taskset` and containers limit them). Throws UsageError where the variable is no such number.
 */
export function threadCount(): number {
  const wanted = process.env.VLGRAFT_THREADS;
  if (!wanted) return Math.min(availableParallelism(), MOST);
  const threads = Number(wanted);
  if (Number.isInteger(threads) && threads >= 1 && threads <= MOST) return threads;
  throw new UsageError({
    where: `VLGRAFT_THREADS=${wanted}`,
    message: 'this is not a number of threads',
    expected: `a whole number from 1 to ${MOST}`,
  });
}
