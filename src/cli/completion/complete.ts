import type { Argument, Command, Option } from 'commander';
import { type Candidate, candidate } from './candidate.js';
import { adapterValues, type Place, valuesCalled } from './sources.js';

/** Where the words before the last one lead. */
interface Reading {
  readonly command: Command;
  readonly given: readonly string[];
  /** The option whose value the last word is. */
  readonly option?: Option;
  /** After `--` nothing is an option. */
  readonly ended: boolean;
  /** After `help` verbs alone follow. */
  readonly isHelp: boolean;
}

const withAncestors = (command: Command): Command[] =>
  command.parent ? [command, ...withAncestors(command.parent)] : [command];

const optionsOf = (command: Command): Option[] =>
  withAncestors(command).flatMap((one) => [...one.createHelp().visibleOptions(one)]);

const takesValue = ({ required, optional }: Option): boolean => required || optional;

function read(program: Command, words: readonly string[]): Reading {
  let command = program;
  let option: Option | undefined;
  let [ended, isHelp] = [false, false];
  const given: string[] = [];
  for (const word of words) {
    const known = optionsOf(command).find(({ long, short }) => word === long || word === short);
    const isValue = option !== undefined && !(option.variadic && word.startsWith('-'));
    if (isValue) option = option?.variadic ? option : undefined;
    else if (ended || !word.startsWith('-')) {
      const inner = given.length === 0 ? command.commands.find((one) => one.name() === word) : undefined;
      if (inner) command = inner;
      else if (word === 'help' && command.commands.length > 0) isHelp = true;
      else given.push(word);
    } else if (word === '--') ended = true;
    else option = known && takesValue(known) ? known : undefined;
  }
  return { command, given, ended, isHelp, ...(option && { option }) };
}

const nameIn = (flags: string): string => /[<[]([^>\]]+?)(?:\.\.\.)?[>\]]/.exec(flags)?.[1] ?? '';

function valuesOf(option: Option, place: Place): readonly Candidate[] {
  if (option.argChoices) return option.argChoices.map((choice) => candidate(choice));
  if (option.long === '--adapters') return adapterValues(place);
  if (option.long === '--picture') return valuesCalled('file', place);
  return valuesCalled(nameIn(option.flags), place);
}

function verbsOf(command: Command): Candidate[] {
  const help = command.createHelp();
  return help.visibleCommands(command).map((one) => candidate(one.name(), help.subcommandDescription(one)));
}

function argumentsOf({ command, given, isHelp }: Reading, word: string): readonly Candidate[] {
  const { registeredArguments: all } = command;
  const argument: Argument | undefined = all[given.length] ?? (all.at(-1)?.variadic ? all.at(-1) : undefined);
  if (isHelp) return verbsOf(command).filter(({ value }) => value !== 'help');
  if (!argument) return given.length === 0 ? verbsOf(command) : [];
  if (argument.argChoices) return argument.argChoices.map((choice) => candidate(choice));
  return valuesCalled(argument.name(), { word, given, takes: all.map((one) => one.name()) });
}

const placeOf = ({ command, given }: Reading, word: string): Place => ({
  word,
  given,
  takes: command.registeredArguments.map((one) => one.name()),
});

/**
 * What may stand in place of the last word, which may be empty, of a command line without the name of the program.
 * Nothing is loaded but what the help needs, recipes/schema.json and folders.
 */
export function complete(program: Command, words: readonly string[]): Candidate[] {
  const word = words.at(-1) ?? '';
  const reading = read(program, words.slice(0, -1));
  const begins = ({ value }: Candidate) => value.startsWith(word);
  if (reading.option && !(reading.option.variadic && word.startsWith('-')))
    return valuesOf(reading.option, placeOf(reading, word)).filter(begins);
  if (reading.ended || !word.startsWith('-')) return argumentsOf(reading, word).filter(begins);
  const options = optionsOf(reading.command);
  const [, flag, value] = /^(--[\w-]+)=(.*)$/s.exec(word) ?? [];
  const option = options.find(({ long }) => long === flag);
  if (option && value !== undefined) {
    const found = valuesOf(option, placeOf(reading, value)).filter((one) => one.value.startsWith(value));
    return found.map((one) => ({ ...one, value: `${flag}=${one.value}` }));
  }
  return options
    .flatMap(({ long, description }) => (long ? [candidate(long, description)] : []))
    .filter(begins);
}
