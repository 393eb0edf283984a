import { UsageError } from '../base/errors.js';
import { readImageSize } from '../data/images.js';
import type { InputForm, LoadedRun } from '../trained/loadedRun.js';
import type { PredictionInput } from '../trained/predictionInput.js';
import { answerText } from './answerText.js';
import { reportError } from './reportError.js';
import type { Shell } from './shell.js';

/** Asks for a line; undefined at Ctrl-C and at Ctrl-D. */
export type AskLine = (
  question: string,
  options?: { readonly history?: string[]; readonly complete?: 'files' },
) => Promise<string | undefined>;

/** What was typed so far; Enter keeps the pictures. */
interface Typed {
  readonly pictures: string[];
  readonly texts: string[];
  readonly paths: string[];
}

/** Whom it talks with. */
interface Dialogue {
  readonly shell: Shell;
  readonly ask: AskLine;
  readonly typed: Typed;
}

/** Thrown to end the dialogue. */
class Ended extends Error {}

/** A line that is not empty; an empty one takes what is there already, and ends the dialogue where nothing is. */
async function lineOr(ask: AskLine, name: string, kept: string | undefined, options = {}): Promise<string> {
  const given = await ask(kept === undefined ? `${name}: ` : `${name} [${kept}]: `, options);
  const line = given === '' ? kept : given;
  if (line === undefined) throw new Ended();
  return line;
}

const pictureName = ({ pictures, files }: InputForm, at: number): string => {
  const what = files ? 'picture' : 'id of the picture';
  return pictures === 1 ? what : `${what} ${at + 1} of ${pictures}`;
};

/** A picture that can be read; others are told and asked for again. */
async function askPicture({ shell, ask, typed }: Dialogue, form: InputForm, at: number): Promise<string> {
  const options = { history: typed.paths, ...(form.files && { complete: 'files' as const }) };
  for (;;) {
    const path = await lineOr(ask, pictureName(form, at), typed.pictures[at], options);
    try {
      if (form.files) await readImageSize(path);
      typed.pictures[at] = path;
      return path;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      reportError(error, shell);
      delete typed.pictures[at];
    }
  }
}

async function askPictures(dialogue: Dialogue, form: InputForm): Promise<string[]> {
  const pictures: string[] = [];
  for (let at = 0; at < form.pictures; at++) pictures.push(await askPicture(dialogue, form, at));
  return pictures;
}

async function askBoxes(ask: AskLine): Promise<PredictionInput['boxes']> {
  const text = await lineOr(ask, 'boxes, [[x1, y1, x2, y2], ...] in pixels', undefined);
  try {
    return JSON.parse(text) as NonNullable<PredictionInput['boxes']>;
  } catch {
    throw new UsageError({ message: '"boxes" are not boxes', expected: '[[x1, y1, x2, y2], ...]' });
  }
}

async function askChoices(ask: AskLine, count: number): Promise<string[]> {
  const choices: string[] = [];
  for (let at = 0; at < count; at++)
    choices.push(await lineOr(ask, `answer ${at + 1} of ${count}`, undefined));
  return choices;
}

/** The task that is asked: the only one, or one that is named. */
async function askForm(ask: AskLine, forms: readonly InputForm[], chosen?: string): Promise<InputForm> {
  const named = forms.find(({ task }) => task === chosen);
  if (forms.length === 1 || (named && chosen !== undefined)) return named ?? (forms[0] as InputForm);
  const names = forms.map(({ task }) => task);
  for (;;) {
    const name = await lineOr(ask, `task (${names.join(', ')})`, names[0]);
    const found = forms.find(({ task }) => task === name);
    if (found) return found;
  }
}

async function askInput(dialogue: Dialogue, form: InputForm): Promise<PredictionInput> {
  const { ask, typed } = dialogue;
  const pictures = await askPictures(dialogue, form);
  const boxes = form.boxes ? await askBoxes(ask) : undefined;
  const text = await ask('text: ', { history: typed.texts });
  if (!text) throw new Ended();
  const choices = form.choices === undefined ? undefined : await askChoices(ask, form.choices);
  const [only] = pictures;
  return {
    text,
    ...(pictures.length > 1 ? { pictures } : { picture: only as string }),
    ...(boxes && { boxes }),
    ...(choices && { choices }),
    ...(form.task !== undefined && { task: form.task }),
  };
}

/**
 * Asks for pictures and texts and answers them, until an empty text, Ctrl-D or Ctrl-C. What is wrong with one is told, and
 * the next one is asked for.
 * @param given pictures to begin with, and the task that is asked
 */
export async function predictDialog(
  shell: Shell,
  run: LoadedRun,
  ask: AskLine,
  given: {
    readonly pictures?: readonly string[];
    readonly task?: string;
    readonly signal?: AbortSignal;
  } = {},
): Promise<void> {
  if (run.forms.some(({ together }) => together)) {
    const message = `the task '${run.recipe.task.kind}' ranks texts and pictures against each other`;
    throw new UsageError({ message, expected: '--input with all of them, one pair a line' });
  }
  shell.log('An empty text or Ctrl-D ends; Enter keeps the picture; Tab completes its path.');
  const typed: Typed = { pictures: [...(given.pictures ?? [])], texts: [], paths: [] };
  const dialogue = { shell, ask, typed };
  try {
    for (;;) {
      const form = await askForm(ask, run.forms, given.task);
      await answerOne(shell, run, () => askInput(dialogue, form), given.signal);
    }
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
  }
}

async function answerOne(
  shell: Shell,
  run: LoadedRun,
  next: () => Promise<PredictionInput>,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    const input = await next();
    const placeOf = () => ({});
    const [prediction] = await run.predict([input], { placeOf, ...(signal && { signal }) });
    if (prediction) shell.result(prediction, answerText(prediction, input.choices));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    reportError(error, shell);
  }
}
