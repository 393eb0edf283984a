import type { Command, CommanderError } from 'commander';
import { type Problem, UsageError } from '../base/errors.js';
import { suggest } from '../base/nearest.js';

/** `vlgraft data make`, as a person types it. */
export function wordsOf(command: Command): string {
  const { parent } = command;
  return parent ? `${wordsOf(parent)} ${command.name()}` : command.name();
}

const ancestors = (command: Command): Command[] =>
  command.parent ? [command, ...ancestors(command.parent)] : [command];

/** Long options that a command takes, its own first. */
const optionsOf = (command: Command): string[] => {
  const all = ancestors(command).flatMap((one) => one.createHelp().visibleOptions(one));
  return [...new Set(all.flatMap(({ long }) => long ?? []))];
};

/** What commander refused, where, and the words that were typed. */
interface Refusal {
  readonly command: Command;
  readonly words: readonly string[];
  /** What commander says, without its `error: ` and its guess. */
  readonly message: string;
}

type Tell = (refusal: Refusal) => readonly Problem[];

const quoted = (message: string): string => /'([^']*)'/.exec(message)?.[1] ?? '';

const unknownVerb: Tell = ({ command, message }) => {
  const known = command.createHelp().visibleCommands(command);
  const name = quoted(message);
  const expected = suggest(
    name,
    known.map((one) => one.name()),
  );
  return [{ message: `there is no verb ${JSON.stringify(name)} in ${wordsOf(command)}`, expected }];
};

/** Every unknown option, of which commander tells the first alone. */
const unknownOption: Tell = ({ command, words, message }) => {
  const known = optionsOf(command);
  const rest = command.parseOptions([...words]).unknown.filter((word) => /^-./.test(word));
  const unknown = rest.map((word) => word.replace(/=.*$/s, '')).filter((word) => !known.includes(word));
  return [...new Set(unknown.length > 0 ? unknown : [quoted(message)])].map((option) => ({
    message: `${wordsOf(command)} has no option ${option}`,
    expected: suggest(option, known, 'its options').replaceAll('"', ''),
  }));
};

const usageOf = (command: Command): string => `${wordsOf(command)} ${command.usage()}`;

const missingArgument: Tell = ({ command, message }) => [
  { message: `<${quoted(message)}> is missing`, expected: usageOf(command) },
];

const tooMany: Tell = ({ command }) => {
  const taken = command.registeredArguments.length;
  const more = command.args.slice(taken).map((word) => JSON.stringify(word));
  return [{ message: `nothing takes ${more.join(', ')}`, expected: usageOf(command) }];
};

const missingOption: Tell = ({ command, message }) => {
  const needed = command.options.find(({ flags }) => flags === quoted(message));
  const what = needed ? `: ${needed.description}` : '';
  return [{ message: `${wordsOf(command)} needs ${quoted(message)}${what}` }];
};

const missingValue: Tell = ({ message }) => {
  const [option, value] = quoted(message).split(' ');
  return [{ file: option as string, message: 'its value is missing', expected: `${option} ${value}` }];
};

/** `option '--count <n>' argument 'ten' is invalid. a whole number was expected.` */
const INVALID =
  /(?:option '(--[\w-]+).*?' argument|command-argument value) '(.*)' is invalid(?: for argument '(.*)')?\. (.*)$/s;

const wrongValue: Tell = ({ message }) => {
  const [, option, value = '', argument, why = message] = INVALID.exec(message) ?? [];
  const choices = /^Allowed choices are (.*)\.$/.exec(why)?.[1]?.split(', ');
  const place = { file: `${option ?? `<${argument}>`} ${value}` };
  if (choices) return [{ ...place, message: 'this is not known', expected: suggest(value, choices) }];
  const [what = '', ...expected] = why.replace(/\.$/, '').split('; ');
  return [{ ...place, message: what, ...(expected.length > 0 && { expected: expected.join('; ') }) }];
};

const tellers: Readonly<Record<string, Tell>> = {
  'commander.unknownCommand': unknownVerb,
  'commander.unknownOption': unknownOption,
  'commander.missingArgument': missingArgument,
  'commander.excessArguments': tooMany,
  'commander.missingMandatoryOptionValue': missingOption,
  'commander.optionMissingArgument': missingValue,
  'commander.invalidArgument': wrongValue,
};

/** What commander refused as a UsageError of this project: what is wrong, and what would be right. */
export function wrongUsage(
  { code, message: raw }: CommanderError,
  command: Command,
  words: readonly string[],
): UsageError {
  const message = raw.replace(/^error: /, '').replace(/\n\(Did you mean .*\)$/s, '');
  return new UsageError(tellers[code]?.({ command, words, message }) ?? [{ message }]);
}
