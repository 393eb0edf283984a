import { readdirSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { InterruptedError } from '../base/errors.js';
import type { Shell } from './shell.js';

/** What a question on a terminal may have. */
interface LineOptions {
  /** Earlier answers, the last one first, which the arrow keys bring back; the answer is added. */
  readonly history?: string[];
  /** What Tab completes; default: nothing. */
  readonly complete?: 'files';
  /** Ends the waiting: its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** Files and folders whose path begins so. */
function completePath(start: string): [string[], string] {
  const slash = start.lastIndexOf('/') + 1;
  const folder = start.slice(0, slash);
  try {
    const entries = readdirSync(folder || '.', { withFileTypes: true });
    const found = entries
      .filter(({ name }) => name.startsWith(start.slice(slash)))
      .map((entry) => `${folder}${entry.name}${entry.isDirectory() ? '/' : ''}`);
    return [found, start];
  } catch {
    return [[], start];
  }
}

/** Asks on stderr for a line; undefined at Ctrl-C and at Ctrl-D. */
export async function askLine(
  question: string,
  { history = [], complete, signal }: LineOptions = {},
): Promise<string | undefined> {
  const lines = createInterface({
    input: process.stdin,
    output: process.stderr,
    history: [...history],
    ...(complete && { completer: completePath }),
  });
  const ended = new Promise<undefined>((done) => {
    lines.once('close', () => done(undefined));
    lines.once('SIGINT', () => lines.close());
  });
  const close = () => lines.close();
  signal?.addEventListener('abort', close);
  try {
    const given = await Promise.race([lines.question(question), ended]);
    if (given === undefined) process.stderr.write('\n');
    else if (given.trim() !== '') history.unshift(given);
    signal?.throwIfAborted();
    return given?.trim();
  } finally {
    signal?.removeEventListener('abort', close);
    lines.close();
  }
}

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
  for (;;) {
    const line = await askLine(`${question} [${words.join('/')}] `);
    if (line === undefined) throw new InterruptedError('nothing was changed');
    const given = line.toLowerCase();
    if (given === '') return words[0];
    const found = words.find((word) => word === given || word.startsWith(given));
    if (found) return found;
  }
}
