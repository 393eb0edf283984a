import { visibleLines } from '../base/visible.js';
import { coloured } from './colour.js';

/** Options that every verb takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  /** False after `--no-input`. */
  readonly input?: boolean;
  readonly threads?: number;
}

/** Where a verb writes: results to stdout, everything else to stderr. */
export interface Shell {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Whether a question may be asked: a person sits at a terminal. */
  readonly canAsk: boolean;
  /** The verb's result: the value with `--json`, else the text, of which an empty one is not printed. */
  result(value: unknown, text: string): void;
  /** A line for the person who waits; nothing with `--quiet`. */
  log(line: string): void;
  /** A line that is told even with `--quiet`. */
  notice(line: string): void;
  /** What is wrong, one line. */
  complain(line: string): void;
}

/** The shell of this process. */
export function createShell({ json = false, quiet = false, input = true }: GlobalOptions): Shell {
  const { stdin, stdout, stderr } = process;
  return {
    json,
    quiet,
    canAsk: input && !json && Boolean(stdin.isTTY && stderr.isTTY) && !process.env.CI,
    result: (value, text) => {
      if (json) stdout.write(`${visibleLines(JSON.stringify(value, null, 2))}\n`);
      else if (text !== '') stdout.write(`${visibleLines(text)}\n`);
    },
    log: (line) => {
      if (!quiet) stderr.write(`${visibleLines(line)}\n`);
    },
    notice: (line) => {
      stderr.write(`${visibleLines(line)}\n`);
    },
    complain: (line) => {
      stderr.write(`${coloured(stderr, 'red', 'error:')} ${visibleLines(line)}\n`);
    },
  };
}
