import type { Command, CommanderError } from 'commander';
import { createProgram } from './program.js';
import { reportError } from './reportError.js';
import { createShell, type GlobalOptions } from './shell.js';
import { wrongUsage } from './wrongUsage.js';

/** A command that could not be read, and the verb that it was read as. */
class Refused extends Error {
  constructor(
    readonly refusal: CommanderError,
    readonly command: Command,
  ) {
    super(refusal.message);
  }
}

/** Makes a verb and those inside it throw instead of ending the process. */
function throwRefusals(command: Command): void {
  command.exitOverride((refusal) => {
    throw new Refused(refusal, command);
  });
  for (const inner of command.commands) throwRefusals(inner);
}

/** Whether it is the help, the version or the help of a verb that needs another one: asked for, not refused. */
const isAnswered = ({ code, exitCode }: CommanderError): boolean =>
  exitCode === 0 || code === 'commander.help';

/** Carries out one command line, without the name of the program, and returns its exit code. */
export async function runProgram(words: readonly string[]): Promise<number> {
  const program = createProgram();
  throwRefusals(program);
  try {
    process.exitCode = 0;
    await program.parseAsync(words, { from: 'user' });
    return Number(process.exitCode);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { refusal, command } = error;
    if (isAnswered(refusal)) return 0;
    return reportError(wrongUsage(refusal, command, words), createShell(program.opts<GlobalOptions>()));
  }
}
