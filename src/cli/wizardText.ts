import { styleText } from 'node:util';
import type { Json } from '../base/json.js';
import { largest } from '../base/lists.js';
import { visible, visibleLines } from '../base/visible.js';
import type { Field, Question, Reply } from '../wizard/question.js';
import { allowed } from '../wizard/schemaValues.js';

/** How texts are coloured; each the text itself where there are no colours. */
export interface Paint {
  bold(text: string): string;
  faint(text: string): string;
  accent(text: string): string;
  good(text: string): string;
  bad(text: string): string;
}

type Format = Parameters<typeof styleText>[0];

/** Paints for a stream, which says whether it shows colours; NO_COLOR is heeded. */
export function createPaint(stream: Pick<NodeJS.WriteStream, 'isTTY' | 'hasColors'>): Paint {
  const coloured = stream.isTTY && stream.hasColors();
  const style = (format: Format) => (text: string) =>
    coloured ? styleText(format, text, { validateStream: false }) : text;
  return {
    bold: style('bold'),
    faint: style('dim'),
    accent: style('cyan'),
    good: style('green'),
    bad: style('red'),
  };
}

/** A text of at most `width` characters, its end cut off. */
export function cut(text: string, width: number): string {
  const characters = [...visible(text.replace(/[\r\n\t]+/g, ' '))];
  if (characters.length <= width) return characters.join('');
  return `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}

/** A path of at most `width` characters, its middle cut out: the file's name is what tells. */
export function cutPath(given: string, width: number): string {
  const path = visible(given);
  if (path.length <= width) return path;
  const end = Math.max(0, Math.ceil((width - 1) * 0.7));
  return `${path.slice(0, Math.max(0, width - 1 - end))}…${path.slice(path.length - end)}`;
}

/** A text in lines of at most `width`, broken between words. */
export function wrap(text: string, width: number): string[] {
  return visibleLines(text)
    .split('\n')
    .flatMap((line) => {
      const lines = [''];
      for (const word of line.split(' ')) {
        const last = lines.at(-1) as string;
        const longer = last === '' ? word : `${last} ${word}`;
        if (longer.length <= width) lines[lines.length - 1] = longer;
        else lines.push(cutPath(word, width));
      }
      return lines.filter((one, at) => one !== '' || (at === 0 && lines.length === 1));
    });
}

/** The share of a line that the first column may take. */
const FIRST_COLUMN = 0.45;

const isFigure = (cell: string): boolean => /^(-|\d.{0,11})?$/.test(cell);

/**
 * Rows of cells as lines of at most `width`: columns aligned, figures to the right, the last column cut where there is no
 * room.
 * @param headings whether the first row is one of headings
 */
export function columns(
  rows: readonly (readonly string[])[],
  width: number,
  { headings = false }: { readonly headings?: boolean } = {},
): string[] {
  const count = largest(
    rows.map((row) => row.length),
    0,
  );
  const first = Math.floor(width * FIRST_COLUMN);
  const shown = rows.map((row) =>
    row.map((cell, at) => (at === 0 && count > 1 ? cutPath(cell, first) : cell)),
  );
  const layout = Array.from({ length: count }, (_, at) => {
    const cells = shown.map((row) => row[at] ?? '');
    const right = at > 0 && at < count - 1 && cells.slice(headings ? 1 : 0).every(isFigure);
    return { size: at === count - 1 ? 0 : largest(cells.map((cell) => cell.length)), right };
  });
  return shown.map((row) => {
    const padded = row.map((cell, at) => {
      const { size = 0, right = false } = layout[at] ?? {};
      return right ? cell.padStart(size) : cell.padEnd(size);
    });
    return cut(padded.join('  ').trimEnd(), width)
      .replace(/ {2,}…$/, '')
      .replace(/ …$/, '…');
  });
}

/** A value as it is shown and typed. */
export const showValue = (value: Json | undefined): string =>
  value === undefined || value === null ? '-' : typeof value === 'string' ? value : JSON.stringify(value);

/** What a field is for and what it takes, in a line or two. */
export function fieldHelp({ description, schema, optional }: Field): string {
  const bounds = allowed(schema);
  return [
    description.replace(/\.$/, ''),
    ...(bounds === '' ? [] : [bounds]),
    ...(optional ? ['- leaves it out'] : []),
  ].join('; ');
}

/** What was answered, in a few words. */
export function answerText(question: Question, reply: Reply): string {
  if (reply.kind === 'many') return reply.values.join(', ') || 'none: the head alone trains';
  if (question.kind === 'form') return question.summary;
  if (reply.kind !== 'one') return '';
  return question.choices.find(({ value }) => value === reply.value)?.cells[0] ?? reply.value;
}

/** The cells of a row as one text, for searching. */
export const searchText = (cells: readonly string[]): string => cells.join(' ').toLowerCase();
