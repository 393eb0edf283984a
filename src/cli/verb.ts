import type { Command } from 'commander';
import { reportError } from './reportError.js';
import { createShell, type GlobalOptions, type Shell } from './shell.js';

/** Adds one verb to the program, or to the verb that it belongs to. */
export type AddVerb = (parent: Command) => void;

/**
 * A commander action around a verb's work, which gets the shell, the arguments and the options.
 * An error is told and becomes the exit code; a number that the work returns is the exit code.
 */
export function action<Given extends unknown[]>(
  work: (shell: Shell, ...given: Given) => Promise<unknown>,
): (...given: [...Given, Command]) => Promise<void> {
  return async (...given) => {
    const command = given.at(-1) as Command;
    const options = command.optsWithGlobals<GlobalOptions>();
    const shell = createShell(options);
    // In the environment, so that processes that this one starts heed it as well.
    if (options.threads !== undefined) process.env.VLGRAFT_THREADS = String(options.threads);
    try {
      const code = await work(shell, ...(given.slice(0, -1) as Given));
      process.exitCode = typeof code === 'number' ? code : 0;
    } catch (error) {
      process.exitCode = reportError(error, shell);
    }
  };
}

export { examples } from './examples.js';

/** Gathers an option that may be given several times. */
export const gather = (value: string, earlier: readonly string[] = []): string[] => [...earlier, value];
