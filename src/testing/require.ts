import { AssertionError } from 'node:assert';
import { deepStrictEqual } from 'node:assert/strict';
import { UsageError } from '../base/errors.js';

/** Throws an AssertionError with that message where the condition does not hold. */
export function requireThat(condition: boolean, message: string): void {
  if (!condition) throw new AssertionError({ message });
}

/** Throws an AssertionError that shows both where they differ. */
export function requireEqual(actual: unknown, expected: unknown, what: string): void {
  try {
    deepStrictEqual(actual, expected);
  } catch (error) {
    throw new AssertionError({ message: `${what}: ${(error as Error).message}` });
  }
}

/** Throws where an element differs by more than `tolerance * max(1, |expected|)`; the worst one is told. */
export function requireClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  requireEqual(actual.length, expected.length, `${what}, elements`);
  let [worst, at] = [0, 0];
  for (let i = 0; i < actual.length; i++) {
    const [a, b] = [actual[i] as number, expected[i] as number];
    const error = a === b ? 0 : Math.abs(a - b) / Math.max(1, Math.abs(b));
    if (Number.isNaN(error) || error > worst) [worst, at] = [Number.isNaN(error) ? Infinity : error, i];
  }
  requireThat(worst <= tolerance, `${what}, element ${at}: ${actual[at]} instead of ${expected[at]}`);
}

/** Throws an AssertionError where the work throws no UsageError. */
export function requireRefused(work: () => unknown, what: string): void {
  try {
    work();
  } catch (error) {
    if (error instanceof UsageError) return;
    throw error;
  }
  requireThat(false, `${what} was not refused`);
}
