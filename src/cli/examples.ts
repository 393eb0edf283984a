/** Columns of the help. */
const COLUMNS = 80;
const START = '  $ ';
const INDENT = '      ';

/** Words of a command; what stands in quotes is one word. */
const wordsOf = (command: string): string[] => command.match(/(?:'[^']*'|"[^"]*"|\S)+/g) ?? [];

/** Words, an option never parted from its value. */
function partsOf(command: string): string[] {
  const parts: string[] = [];
  for (const word of wordsOf(command)) {
    const last = parts.at(-1);
    const isValue = last !== undefined && /^--?[\w-]+$/.test(last) && !word.startsWith('-');
    if (isValue) parts[parts.length - 1] = `${last} ${word}`;
    else parts.push(word);
  }
  return parts;
}

/** A command as lines that a shell takes as one. */
function wrapped(command: string): string {
  const lines: string[] = [];
  for (const part of partsOf(command)) {
    const last = lines.at(-1);
    const fits = last !== undefined && last.length + 1 + part.length + ' \\'.length <= COLUMNS;
    if (fits) lines[lines.length - 1] = `${last} ${part}`;
    else lines.push((last === undefined ? START : INDENT) + part);
  }
  return lines.join(' \\\n');
}

/** The examples under a verb's help: commands that can be typed as they stand, in 80 columns. */
export const examples = (...commands: readonly string[]): string =>
  `\nExamples:\n${commands.map(wrapped).join('\n')}`;
