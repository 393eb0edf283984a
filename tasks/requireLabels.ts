import { UsageError } from '../src/base/errors.js';

/** What can't be scored: some of the `all` expressions, phrases, questions or sentences. */
interface Unlabelled {
  readonly unknown: number;
  readonly all: number;
  /** What they are called, more than one. */
  readonly noun: string;
  /** What they lack. */
  readonly lacking: string;
  readonly expected: string;
}

/** Throws UsageError that counts what has no labels to compare predictions with, where there is any. */
export function requireLabels({ unknown, all, noun, lacking, expected }: Unlabelled): void {
  if (unknown === 0) return;
  const message = `${unknown} of ${all} ${noun} ${unknown === 1 ? 'has' : 'have'} no ${lacking} to compare with`;
  throw new UsageError({ where: 'data', message, expected });
}
