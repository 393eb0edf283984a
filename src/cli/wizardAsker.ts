import type { Problem } from '../base/errors.js';
import type { Json } from '../base/json.js';
import { largest } from '../base/lists.js';
import { visibleLines } from '../base/visible.js';
import { parseValue } from '../recipe/override.js';
import type { ChooseMany, ChooseOne, Field, Form, Question, Reply } from '../wizard/question.js';
import { problemWith } from '../wizard/schemaValues.js';
import type { Asker } from '../wizard/wizard.js';
import { BACK, prepareKeys, prompt } from './wizardPrompt.js';
import {
  describe,
  heading,
  keysOf,
  type ListedChoice,
  listed,
  pageSize,
  type Screen,
  screenOf,
  themeOf,
} from './wizardScreen.js';
import { answerText, createPaint, cut, cutPath, fieldHelp, searchText, showValue } from './wizardText.js';

/** Up to so many choices are a menu; more are searched. */
const LONGEST_MENU = 5;

/** A row as inquirer's select takes it. */
const item = ({ refused, ...row }: ListedChoice) => ({ ...row, ...(refused && { disabled: ' ' }) });

/** How a list that is searched looks. */
const looksOf = (own: string, question: Question, { paint }: Screen) => ({
  keys: paint.faint(keysOf(own, question)),
  highlight: paint.accent,
  faint: paint.faint,
});

const CHOOSE = '↑↓ choose · Enter take';

async function askOne(question: ChooseOne, head: string, screen: Screen): Promise<Reply> {
  const { choices, byDefault, free } = question;
  const { rows } = listed(choices, screen, 4);
  const isMenu = free === undefined && choices.length <= LONGEST_MENU;
  const rowsOnPage = pageSize(head, screen);
  const value = isMenu
    ? await prompt<string>({
        type: 'select',
        message: head,
        choices: rows.map(item),
        default: byDefault,
        pageSize: rowsOnPage,
        loop: false,
        theme: themeOf(screen, keysOf(CHOOSE, question)),
      })
    : await prompt<string>({
        ...looksOf(CHOOSE, question, screen),
        type: 'searchOne',
        message: `${head}\ntype to search${free === undefined ? '' : `, or ${free}`}:`,
        pageSize: rowsOnPage,
        proposed: byDefault,
        find: (term: string) => found(question, rows, term.trim(), screen),
      });
  return value === BACK ? { kind: 'back' } : { kind: 'one', value };
}

/** The rows that have what was typed, and what was typed itself where that may be an answer. */
function found({ choices, free }: ChooseOne, rows: readonly ListedChoice[], term: string, { width }: Screen) {
  const wanted = term.toLowerCase();
  const matching = rows.filter((_, at) => searchText(choices[at]?.cells ?? []).includes(wanted));
  const isListed = matching.some(({ value }) => value === term);
  const typed = { value: term, name: cut(`use "${term}"`, width - 4) };
  return [...matching, ...(free === undefined || term === '' || isListed ? [] : [typed])];
}

async function askMany(question: ChooseMany, head: string, screen: Screen): Promise<Reply> {
  const { choices, byDefault, headings } = question;
  const { head: line, rows } = listed(choices, screen, 6, headings);
  const texts = new Map(choices.map(({ value, cells }) => [value, searchText(cells)]));
  const values = await prompt<string[]>({
    ...looksOf('Space on or off · ↑↓ move · Enter go on', question, screen),
    type: 'searchMany',
    message: `${head}\ntype to search:`,
    pageSize: pageSize(`${head}\n`, screen),
    heading: screen.paint.faint(`     ${line}`),
    // Inquirer looks at `choices` and `default` itself.
    choices: rows,
    checked: byDefault,
    matches: (value: string, term: string) => texts.get(value)?.includes(term.trim().toLowerCase()) ?? false,
  });
  return values === BACK ? { kind: 'back' } : { kind: 'many', values };
}

/** The words of a field that has a few; undefined for others. */
function wordsOf({ schema }: Field): readonly string[] | undefined {
  if (Array.isArray(schema.enum)) return schema.enum.map(String);
  return schema.type === 'boolean' ? ['true', 'false'] : undefined;
}

const parse = ({ schema }: Field, text: string): Json =>
  schema.type === 'string' || Array.isArray(schema.enum) ? text : (parseValue(text) as Json);

const LEAVE = 'Enter take · Esc leave it · Ctrl-C cancel';

/** Asks for one of the words of a field. */
async function askWord(field: Field, words: readonly string[], screen: Screen): Promise<Json | typeof BACK> {
  const chosen = await prompt<string>({
    type: 'select',
    message: `${screen.paint.bold(field.label)}\n${describe(fieldHelp(field), screen)}`,
    choices: words.map((word) => ({ value: word, name: word })),
    default: showValue(field.value),
    loop: false,
    theme: themeOf(screen, `↑↓ choose · ${LEAVE}`),
  });
  return chosen === BACK ? BACK : parse(field, chosen);
}

/** Asks for the value of one field; BACK: it stays as it is. */
async function askField(field: Field, screen: Screen): Promise<Json | typeof BACK> {
  const words = wordsOf(field);
  if (words) return askWord(field, words, screen);
  const { label, value, schema, optional } = field;
  const { paint } = screen;
  const isLeftOut = (text: string) => text.trim() === '-' && optional === true;
  const typed = await prompt<string>({
    type: 'input',
    message: `\n${describe(fieldHelp(field), screen)}\n${paint.faint(`  ${LEAVE}`)}\n>`,
    default: value === undefined ? '' : showValue(value),
    prefill: 'editable',
    validate: (text: string) => isLeftOut(text) || (problemWith(schema, parse(field, text.trim())) ?? true),
    // The prompt puts a blank after its prefix, even after none.
    theme: { ...themeOf(screen, ''), prefix: paint.bold(label) },
  });
  if (typed === BACK) return BACK;
  return isLeftOut(typed) ? null : parse(field, typed.trim());
}

const GO_ON = '';

async function askForm(question: Form, head: string, screen: Screen): Promise<Reply> {
  const { fields } = question;
  const label = largest(fields.map((field) => field.label.length));
  const rows = fields.map((field) => {
    const { key, value, shown = showValue(value), needed } = field;
    const told = value === undefined && needed ? '- (needed)' : shown;
    const name = `${field.label.padEnd(label)}  ${cutPath(told, screen.width - label - 6)}`;
    return { value: key, name, description: describe(fieldHelp(field), screen) };
  });
  const goOn = { value: GO_ON, name: 'go on', description: describe('take what stands here', screen) };
  for (;;) {
    const key = await prompt<string>({
      type: 'select',
      message: head,
      choices: [goOn, ...rows],
      pageSize: pageSize(head, screen),
      loop: false,
      theme: themeOf(screen, keysOf('↑↓ move · Enter on a line changes it', question)),
    });
    if (key === BACK) return { kind: 'back' };
    if (key === GO_ON) return { kind: 'accept' };
    const value = await askField(fields.find((field) => field.key === key) as Field, screen);
    if (value !== BACK) return { kind: 'change', key, value };
  }
}

function ask(question: Question, problems: readonly Problem[], screen: Screen): Promise<Reply> {
  const head = heading(question, problems, screen);
  if (question.kind === 'one') return askOne(question, head, screen);
  return question.kind === 'many' ? askMany(question, head, screen) : askForm(question, head, screen);
}

/** Whether a reply ends its step; going elsewhere does not. */
const isAnswer = ({ step }: Question, reply: Reply): boolean =>
  step !== 'jump' &&
  reply.kind !== 'back' &&
  reply.kind !== 'change' &&
  !(reply.kind === 'one' && reply.value === 'jump');

const ERASE_LINE_ABOVE = '\u001B[1A\u001B[2K';

/** Asks at the terminal: a line stays for each step that was answered, and goes when a person goes back before it. */
export interface TerminalAsker extends Asker {
  /** Something else was written: the lines above it stay. */
  forget(): void;
}

/** The asker of this process's terminal. */
export function createTerminalAsker(): TerminalAsker {
  const { stderr } = process;
  const paint = createPaint(stderr);
  let told: Question['step'][] = [];
  prepareKeys();
  const eraseFrom = (step: Question['step']) => {
    const at = told.indexOf(step);
    if (at === -1) return;
    stderr.write(ERASE_LINE_ABOVE.repeat(told.length - at));
    told = told.slice(0, at);
  };
  return {
    forget: () => {
      told = [];
    },
    async ask(question, problems) {
      eraseFrom(question.step);
      if (question.report !== undefined) {
        stderr.write(`\n${visibleLines(question.report)}\n\n`);
        told = [];
      }
      const screen = screenOf(stderr, paint);
      const reply = await ask(question, problems, screen);
      if (!isAnswer(question, reply)) return reply;
      const line = cut(`${question.title}  ${answerText(question, reply)}`, screen.width - 2);
      stderr.write(`${paint.good('✔')} ${line}\n`);
      told.push(question.step);
      return reply;
    },
  };
}
