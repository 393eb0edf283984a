import { formatProblem, type Problem } from '../base/errors.js';
import { grouped } from '../base/figures.js';
import type { Choice, Question } from '../wizard/question.js';
import { stepNumber } from '../wizard/steps/index.js';
import { columns, cut, type Paint, wrap } from './wizardText.js';

/** What a question is drawn on. */
export interface Screen {
  readonly paint: Paint;
  readonly width: number;
  readonly height: number;
}

/** The screen of a stream as it is now; the last column stays free, where some terminals wrap. */
export const screenOf = (
  { columns: width, rows }: Pick<NodeJS.WriteStream, 'columns' | 'rows'>,
  paint: Paint,
): Screen => ({
  paint,
  width: Math.max(40, (width || 80) - 1),
  height: rows || 24,
});

/** Lines of a prompt besides its heading and its list: what is typed, a blank, two of description, the keys, one left free. */
const OTHER_LINES = 6;

const MOST_PROBLEMS = 3;

/** The keys of a question; there is nothing before the first step. */
export const keysOf = (own: string, { step }: Pick<Question, 'step'>): string =>
  [own, ...(step === 'backbone' ? [] : ['Esc back']), 'Ctrl-C cancel'].join(' · ');

/** Looks of inquirer's prompts: the message carries its title, and the keys are told in one way. */
export const themeOf = ({ paint }: Screen, keys: string) => ({
  prefix: '',
  spinner: { interval: 200, frames: [''] },
  icon: { cursor: '>' },
  style: {
    message: (text: string) => text,
    answer: (text: string) => text,
    error: (text: string) => paint.bad(text),
    defaultAnswer: (text: string) => paint.faint(`(${text})`),
    highlight: (text: string) => paint.accent(text),
    disabled: (text: string) => paint.faint(`- ${text}`),
    description: (text: string) => text,
    keysHelpTip: () => paint.faint(keys),
  },
});

/** Problems in full lines, the first few of them. */
function problemLines(problems: readonly Problem[], question: Question, { paint, width }: Screen): string[] {
  const start = 'error: ';
  // That it is about this very question need not be said.
  const plain = problems.map(({ where, ...problem }) =>
    where === undefined || where === question.step ? problem : { ...problem, where },
  );
  const lines = plain
    .slice(0, MOST_PROBLEMS)
    .flatMap((problem) => wrap(formatProblem(problem), width - start.length));
  const more = problems.length - MOST_PROBLEMS;
  const told = [...lines, ...(more > 0 ? [`and ${grouped(more)} more`] : [])];
  return told.map((line, at) => `${at === 0 ? paint.bad(start) : ' '.repeat(start.length)}${line}`);
}

/** The lines above a question: problems, facts, title. */
export function heading(question: Question, problems: readonly Problem[], screen: Screen): string {
  const { paint, width } = screen;
  const { step, title, facts = [], wrong = [] } = question;
  const number = stepNumber(step);
  const line = `${number === undefined ? '' : `${paint.faint(number)} `}${paint.bold(title)}`;
  const told = problemLines(problems.length > 0 ? problems : wrong, question, screen);
  return [...told, ...facts.map((fact) => cut(fact, width)), line].join('\n');
}

/** Rows of a list that have room below a heading. */
export const pageSize = (head: string, { height }: Screen): number =>
  Math.max(3, height - head.split('\n').length - OTHER_LINES);

/** A description in at most two lines. */
export const describe = (text: string, { width, paint }: Screen): string =>
  wrap(text, width - 2)
    .slice(0, 2)
    .map((line) => paint.faint(`  ${line}`))
    .join('\n');

/** One row of a list as prompts take it. */
export interface ListedChoice {
  readonly value: string;
  readonly name: string;
  readonly description?: string;
  readonly refused: boolean;
}

/** Choices as rows, and the line of headings over them. */
export function listed(
  choices: readonly Choice[],
  screen: Screen,
  room: number,
  headings?: readonly string[],
): { readonly head: string; readonly rows: readonly ListedChoice[] } {
  const cells = choices.map((choice) => choice.cells);
  const width = screen.width - room;
  const lines = headings
    ? columns([headings, ...cells], width, { headings: true })
    : ['', ...columns(cells, width)];
  const rows = choices.map(({ value, description, refused }, at) => ({
    value,
    name: lines[at + 1] as string,
    ...(description !== undefined && { description: describe(description, screen) }),
    refused: refused !== undefined,
  }));
  return { head: lines[0] as string, rows };
}
