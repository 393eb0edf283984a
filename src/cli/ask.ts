import { createInterface } from 'node:readline/promises';
import { InterruptedError } from '../errors.js';
import type { Shell } from './shell.js';

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';

/**
 * Asks on stderr for one of some words, by word or first letter; the first one where no question may be asked. Throws
 * InterruptedError at Ctrl-C.
 */
export async function ask<Word extends string>(
  shell: Shell,
  question: string,
  words: readonly [Word, ...Word[]],
): Promise<Word> {
  if (!shell.canAsk) return words[0];
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    for (;;) {
      const given = (await lines.question(`${question} [${words.join('/')}] `)).trim().toLowerCase();
      if (given === '') return words[0];
      const found = words.find((word) => word === given || word.startsWith(given));
      if (found) return found;
    }
  } catch (error) {
    if (!isAbort(error)) throw error;
    process.stderr.write('\n');
    throw new InterruptedError('nothing was changed');
  } finally {
    lines.close();
  }
}
