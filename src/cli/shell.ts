import { visibleLines } from '../base/visible.js';
import type { Modules } from '../prepare/modules.js';
import { coloured } from './colour.js';

/** Options that every verb takes. */
export interface GlobalOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  /** False after `--no-input`. */
  readonly input?: boolean;
  readonly threads?: number;
  /** Files that add adapters, tasks and others. */
  readonly use?: readonly string[];
}

/** Where a verb writes: results to stdout, everything else to stderr. */
export interface Shell {
  readonly json: boolean;
  readonly quiet: boolean;
  /** Whether a question may be asked: a person sits at a terminal. */
  readonly canAsk: boolean;
  /** The words of `--use`, for commands that are to be given again. */
  readonly useWords: readonly string[];
  /** What a recipe can name: that of this package, and what `--use` adds. Throws UsageError. */
  modules(): Promise<Modules>;
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
export function createShell(options: GlobalOptions): Shell {
  const { json = false, quiet = false, input = true, use = [] } = options;
  const { stdin, stdout, stderr } = process;
  let modules: Promise<Modules> | undefined;
  return {
    json,
    quiet,
    useWords: use.flatMap((file) => ['--use', file]),
    modules: () => {
      modules ??= import('../modules/loadFiles.js').then(({ loadModules }) => loadModules(use));
      return modules;
    },
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
