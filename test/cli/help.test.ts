import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.js';
import { wordsOf } from '../../src/cli/wrongUsage.js';

/** A verb and all inside it, those that the help hides left out. */
const verbsIn = (command: Command): Command[] => [
  command,
  ...command
    .createHelp()
    .visibleCommands(command)
    .filter((inner) => inner.name() !== 'help')
    .flatMap(verbsIn),
];

/** What `--help` prints in 80 columns. */
function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({
    getOutHelpWidth: () => 80,
    writeOut: (piece) => {
      text += piece;
    },
  });
  command.outputHelp();
  return text;
}

const program = createProgram();
const verbs = verbsIn(program).map((command) => ({ name: wordsOf(command), command, help: helpOf(command) }));

/** The commands under `Examples:`, lines that go on put together. */
const examplesIn = (help: string): string[] =>
  [...help.matchAll(/^ {2}\$ (.*(?:\\\n.*)*)/gm)].map(([, text]) =>
    (text as string).replaceAll(/ \\\n +/g, ' '),
  );

/** The words of `vlgraft ...` in an example, without variables before it and what the shell does with it. */
const wordsIn = (example: string): string[] =>
  (/vlgraft ([^)|]*)/.exec(example)?.[1] ?? '').match(/(?:'[^']*'|"[^"]*"|[^\s"'])+/g) ?? [];

/** The verb that words name, and the options among them. */
function read(words: readonly string[]): { readonly command: Command; readonly flags: readonly string[] } {
  let command: Command = program;
  for (const word of words) {
    const inner = command.commands.find((one) => one.name() === word);
    if (!inner) break;
    command = inner;
  }
  return { command, flags: words.filter((word) => word.startsWith('--')) };
}

const optionsOf = (command: Command): string[] => [
  ...command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long }) => long ?? []),
  ...(command.parent ? optionsOf(command.parent) : []),
];

describe.each(verbs)('$name --help', ({ name, command, help }) => {
  it('has examples of this verb, whose options are there', () => {
    const examples = examplesIn(help);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      const { command: meant, flags } = read(wordsIn(example));
      expect(optionsOf(meant)).toEqual(expect.arrayContaining([...flags]));
    }
    expect(examples.join('\n')).toContain(name);
  });

  it('fits into 80 columns, meanings below each other', () => {
    expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
    const columns = [...help.matchAll(/^ {2}(?:-\w, )?--\S+(?: <[^>]+>)? {2,}/gm)].map(
      ([start]) => start.length,
    );
    expect(new Set(columns).size).toBeLessThanOrEqual(1);
  });

  it('says what it does, and what each option and argument means', () => {
    expect(command.description()).not.toBe('');
    const options = command.options.map(({ flags, description }) => [flags, description]);
    const args = command.registeredArguments.map((one) => [one.name(), one.description]);
    expect([...options, ...args].filter(([, description]) => !description)).toEqual([]);
  });
});

it('the program has verbs', () => {
  expect(verbs.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['vlgraft run', 'vlgraft predict', 'vlgraft data make', 'vlgraft engine info']),
  );
});
