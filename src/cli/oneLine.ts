import type { Progress } from '../base/progress.js';
import { interruptible } from './interrupt.js';
import type { Follow } from './longWork.js';

const ERASE_LINE = '\r\u001B[2K';

const tell = ({ stage, done, total, unit }: Progress): string =>
  `${stage}: ${done}${total === undefined ? '' : `/${total}`} ${unit}`;

/** Runs work that a person waits for on a terminal, its progress on one line that is gone when it ends. */
export async function onOneLine<T>(title: string, work: (follow: Follow) => Promise<T>): Promise<T> {
  const { stderr } = process;
  const show = (line: string) => {
    stderr.write(`${ERASE_LINE}${line.slice(0, (stderr.columns || 80) - 1)}`);
  };
  show(`${title} ...`);
  try {
    return await interruptible(show, async (signal) => {
      const onProgress = (progress: Progress) => show(`${title} ... ${tell(progress)}`);
      const made = await work({ signal, onLog: () => {}, onProgress });
      signal.throwIfAborted();
      return made;
    });
  } finally {
    stderr.write(ERASE_LINE);
  }
}
