import { type Problem, UsageError } from '../base/errors.js';
import type { Answers } from './answers.js';
import type { Question, Reply, StepName } from './question.js';
import type { Step } from './step.js';
import { jumpStep, steps } from './steps/index.js';
import type { World } from './world.js';

/** Where a wizard is: nothing else decides what it asks next. */
export interface WizardState {
  readonly answers: Answers;
  readonly at: StepName | 'done';
  /** Steps that were answered beforehand: they are taken as they are, unless that fails or a person goes back to them. */
  readonly settled: ReadonlySet<StepName>;
  /** Why the last reply was not taken. */
  readonly problems: readonly Problem[];
}

/** Answers a question, be it a person or what was written before. */
export interface Asker {
  /** `problems`: why the last reply was not taken. */
  ask(question: Question, problems: readonly Problem[]): Promise<Reply>;
}

/** Steps that show what the one before them found; who goes to that one sees them too. */
const COMPANIONS: Readonly<Partial<Record<StepName, StepName>>> = { data: 'files', adapters: 'options' };

const places = steps.map(({ name }) => name);

const stepOf = (name: StepName): Step =>
  (name === 'jump' ? jumpStep : steps.find((step) => step.name === name)) as Step;

/** The steps that answers speak of. */
const stepsIn = (answers: Answers): Set<StepName> =>
  new Set(steps.filter(({ keys }) => keys.some((key) => answers[key] !== undefined)).map(({ name }) => name));

/** The first step, with answers that were given beforehand. */
export const startWizard = (answers: Answers = {}): WizardState => ({
  answers,
  at: places[0] as StepName,
  settled: stepsIn(answers),
  problems: [],
});

/** The question that comes next, and the state that asks it; undefined when all is answered. */
export async function nextQuestion(
  state: WizardState,
  world: World,
): Promise<{ readonly state: WizardState; readonly question: Question } | undefined> {
  let { at } = state;
  while (at !== 'done') {
    const question = await stepOf(at).ask(state.answers, world);
    if (question) return { state: { ...state, at }, question };
    at = places[places.indexOf(at) + 1] ?? 'done';
  }
  return undefined;
}

async function before(at: StepName, answers: Answers, world: World): Promise<StepName> {
  if (at === 'jump') return 'finish';
  for (let index = places.indexOf(at) - 1; index >= 0; index--) {
    const name = places[index] as StepName;
    if (await stepOf(name).ask(answers, world)) return name;
  }
  return at;
}

const without = (settled: ReadonlySet<StepName>, ...names: readonly (StepName | undefined)[]) =>
  new Set([...settled].filter((name) => !names.includes(name)));

/** Goes to a step; those after it keep their answers. */
function goTo({ answers }: WizardState, name: StepName): WizardState {
  const later = new Set(places.slice(places.indexOf(name) + 1));
  return { answers, at: name, problems: [], settled: without(later, 'finish', COMPANIONS[name]) };
}

/** Where a reply leads to. */
function after(state: WizardState, reply: Reply, answers: Answers): WizardState {
  const { at, settled } = state;
  if (at === 'jump' && reply.kind === 'one') return goTo(state, reply.value as StepName);
  if (at === 'finish' && reply.kind === 'one' && reply.value === 'jump') return { ...state, at: 'jump' };
  const next = reply.kind === 'change' ? at : (places[places.indexOf(at as StepName) + 1] ?? 'done');
  return { answers, at: next, settled, problems: [] };
}

/** The state after a reply; one that can't be taken leaves the answers as they are, with the reasons. */
export async function answered(state: WizardState, reply: Reply, world: World): Promise<WizardState> {
  const { at, answers, settled } = state;
  if (at === 'done') return state;
  if (reply.kind === 'back') {
    const to = await before(at, answers, world);
    return { answers, at: to, settled: without(settled, to), problems: [] };
  }
  try {
    return after(state, reply, await stepOf(at).take(answers, reply, world));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return { ...state, settled: without(settled, at), problems: error.problems };
  }
}

/** What is said to a question when all that was proposed is right; undefined where nothing is proposed. */
export function replyByDefault(question: Question): Reply | undefined {
  if (question.kind === 'form') return { kind: 'accept' };
  const { byDefault } = question;
  if (byDefault === undefined) return undefined;
  return typeof byDefault === 'string'
    ? { kind: 'one', value: byDefault }
    : { kind: 'many', values: byDefault };
}

/** Asks until all is answered. Throws InterruptedError when it is cancelled. */
export async function runWizard(start: WizardState, world: World, asker: Asker): Promise<Answers> {
  let current = start;
  for (;;) {
    const next = await nextQuestion(current, world);
    if (!next) return current.answers;
    const { state, question } = next;
    const settled = state.settled.has(question.step) ? replyByDefault(question) : undefined;
    current = await answered(state, settled ?? (await asker.ask(question, state.problems)), world);
  }
}
