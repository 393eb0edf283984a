import { createInterface } from 'node:readline/promises';
import type { Shell } from './shell.js';

/** Asks on stderr for one of some words, by word or first letter; the first one where no question may be asked. */
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
  } finally {
    lines.close();
  }
}
