import { InterruptedError, UsageError } from '../base/errors.js';
import { errorWords } from '../system/systemErrors.js';
import { asFlags } from './asFlags.js';
import { problemLines } from './problemLines.js';
import type { Shell } from './shell.js';

/** 130 for interrupted, 2 for wrong usage, recipe or data, else 1; an error may say its own. */
function exitCodeOf(error: unknown): number {
  const code = (error as { exitCode?: unknown } | undefined)?.exitCode;
  return typeof code === 'number' ? code : 1;
}

/** Problems told in full; a data file may have thousands of one kind. */
const MOST_PROBLEMS = 30;

const isDebugging = (): boolean => process.env.VLGRAFT_DEBUG === '1';

function tellProblems({ problems, cause }: UsageError, shell: Shell): void {
  for (const line of problemLines(problems, MOST_PROBLEMS)) shell.complain(line);
  if (cause instanceof Error && isDebugging()) shell.complain(cause.stack ?? cause.message);
}

/** What the program itself should not have done: a person can't help it, and may report it. */
const isFault = (error: unknown): boolean =>
  error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;

/** An error that nothing foresaw, on one line. */
function unexpected(error: unknown): string {
  const [first = ''] = errorWords(error).split('\n');
  return isFault(error) ? `a fault of vlgraft: ${first}; VLGRAFT_DEBUG=1 shows where` : first || 'unknown';
}

function tell(error: unknown, shell: Shell): void {
  if (error instanceof UsageError) {
    tellProblems(error, shell);
    return;
  }
  if (error instanceof InterruptedError) {
    shell.notice(error.message);
    return;
  }
  const stack = isDebugging() && error instanceof Error ? error.stack : undefined;
  shell.complain(stack ?? unexpected(error));
}

/** Tells an error on stderr, with `--json` also on stdout, and returns the exit code. */
export function reportError(thrown: unknown, shell: Shell): number {
  const error = asFlags(thrown);
  tell(error, shell);
  const exitCode = exitCodeOf(error);
  const problems = error instanceof UsageError ? { problems: error.problems } : {};
  const message = errorWords(error);
  if (shell.json) shell.result({ error: { message, exitCode, ...problems } }, '');
  return exitCode;
}
