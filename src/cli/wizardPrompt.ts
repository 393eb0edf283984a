import { emitKeypressEvents, type Interface } from 'node:readline';
import inquirer from 'inquirer';
import { InterruptedError } from '../base/errors.js';
import { searchMany } from './searchMany.js';
import { searchOne } from './searchOne.js';

/** What was pressed to leave a question without an answer. */
export const BACK = Symbol('back');

/** Milliseconds after which Esc is a key of its own, and not the start of an arrow's code. */
const ESCAPE_DELAY = 50;

/** Makes Esc a quick key; to be called before the first prompt, which would wait half a second for what follows it. */
export function prepareKeys(): void {
  emitKeypressEvents(process.stdin, { escapeCodeTimeout: ESCAPE_DELAY } as unknown as Interface);
}

/** Runs one prompt of inquirer on stderr, which leaves nothing behind. Esc gives BACK; throws InterruptedError at Ctrl-C. */
export async function prompt<Answer>(
  question: Readonly<Record<string, unknown>>,
): Promise<Answer | typeof BACK> {
  const controller = new AbortController();
  const onKey = (_text: string, key: { readonly name?: string } | undefined) => {
    if (key?.name === 'escape') controller.abort();
  };
  const ask = inquirer.createPromptModule({
    output: process.stderr,
    signal: controller.signal,
    clearPromptOnDone: true,
  });
  ask.registerPrompt('searchOne', searchOne as never);
  ask.registerPrompt('searchMany', searchMany as never);
  process.stdin.on('keypress', onKey);
  try {
    const { reply } = await ask([{ ...question, name: 'reply' }] as never);
    return reply as Answer;
  } catch (error) {
    const { name } = error as Error;
    if (name === 'AbortPromptError') return BACK;
    if (name === 'ExitPromptError') throw new InterruptedError('cancelled; nothing was written');
    throw error;
  } finally {
    process.stdin.off('keypress', onKey);
  }
}
