import { styleText } from 'node:util';

/** Options that every verb takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  /** False after `--no-input`. */
  readonly input?: boolean;
}

/** Where a verb writes: results to stdout, everything else to stderr. */
export interface Shell {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Whether a question may be asked: a person sits at a terminal. */
  readonly canAsk: boolean;
  /** The verb's result: the value with `--json`, else the text. */
  result(value: unknown, text: string): void;
  /** A line for the person who waits; nothing with `--quiet`. */
  log(line: string): void;
  /** A line that is always told. */
  complain(line: string): void;
  /** Bold where stdout shows colours. */
  strong(text: string): string;
}

const paint = (stream: NodeJS.WriteStream, format: 'bold' | 'red', text: string): string =>
  stream.isTTY && stream.hasColors() ? styleText(format, text) : text;

/** The shell of this process. */
export function createShell({ json = false, quiet = false, input = true }: GlobalOptions): Shell {
  const { stdin, stdout, stderr } = process;
  return {
    json,
    quiet,
    canAsk: input && !json && Boolean(stdin.isTTY && stderr.isTTY) && !process.env.CI,
    result: (value, text) => {
      stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : `${text}\n`);
    },
    log: (line) => {
      if (!quiet) stderr.write(`${line}\n`);
    },
    complain: (line) => {
      stderr.write(`${paint(stderr, 'red', 'error:')} ${line}\n`);
    },
    strong: (text) => paint(stdout, 'bold', text),
  };
}
