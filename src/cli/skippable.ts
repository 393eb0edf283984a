import type { Follow } from './longWork.js';
import { onOneLine } from './oneLine.js';

/** What is typed into while no prompt reads it. */
export interface Keyboard extends Pick<NodeJS.EventEmitter, 'on' | 'off'> {
  setRawMode(isRaw: boolean): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** The key that ends the waiting. */
const SKIP = 's';

/** Hears the key until what is returned is called; Ctrl-C, which a raw terminal sends no signal for, stays what it is. */
function hearSkip(keyboard: Keyboard, skip: () => void): () => void {
  const onKey = (_text: string, key: { readonly name?: string; readonly ctrl?: boolean } | undefined) => {
    if (key?.ctrl && key.name === 'c') process.emit('SIGINT');
    else if (key?.name === SKIP) skip();
  };
  keyboard.setRawMode(true);
  keyboard.on('keypress', onKey);
  keyboard.resume();
  return () => {
    keyboard.off('keypress', onKey);
    keyboard.pause();
    keyboard.setRawMode(false);
  };
}

/**
 * Runs work as `onOneLine` does until it ends or `s` is pressed; then it gives undefined at once, and the work hears its
 * signal and goes on unseen until it heeds it.
 */
export async function skippable<T>(
  title: string,
  work: (follow: Follow) => Promise<T>,
  keyboard: Keyboard = process.stdin,
): Promise<T | undefined> {
  const controller = new AbortController();
  const { signal } = controller;
  const skipped = new Promise<undefined>((done) => {
    signal.addEventListener('abort', () => done(undefined));
  });
  const unhear = hearSkip(keyboard, () => controller.abort());
  try {
    return await onOneLine(`${title} (${SKIP} skips it)`, (follow) => {
      const running = work({
        ...follow,
        signal: AbortSignal.any([follow.signal, signal]),
        onProgress: (progress) => {
          if (!signal.aborted) follow.onProgress(progress);
        },
      });
      return Promise.race([running, skipped]);
    });
  } finally {
    unhear();
  }
}
