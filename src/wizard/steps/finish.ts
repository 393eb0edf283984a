import { formatProblem, InterruptedError, UsageError } from '../../base/errors.js';
import type { Answers } from '../answers.js';
import { chosenNames } from '../chosenNames.js';
import type { Choice } from '../question.js';
import { settingsOf } from '../recipe.js';
import type { Step } from '../step.js';
import type { World } from '../world.js';

/** What a person is shown before the recipe is written. */
interface Outlook {
  readonly text: string;
  /** Whether the recipe is right. */
  readonly right: boolean;
}

/** The plan, what is wrong with the recipe or its data, or why there is no plan. */
async function outlook(answers: Answers, world: World): Promise<Outlook> {
  try {
    const settings = await settingsOf(answers, world);
    return { text: world.formatPlan(await world.plan(settings)), right: true };
  } catch (error) {
    if (error instanceof UsageError)
      return { text: error.problems.map(formatProblem).join('\n'), right: false };
    if (error instanceof InterruptedError || !(error instanceof Error)) throw error;
    return { text: `the plan can't be shown: ${error.message}`, right: true };
  }
}

function choicesOf(answers: Answers, world: World, right: boolean): Choice[] {
  const { file, output } = chosenNames(answers, world);
  const forward: Choice[] = [
    { value: 'run', cells: ['write and run', `${file}, trained into ${output}`] },
    { value: 'write', cells: ['write', `${file}; vlgraft run ${file} carries it out`] },
  ];
  return [
    ...(right ? forward : []),
    { value: 'jump', cells: ['go back to a step', 'and change an answer'] },
    { value: 'cancel', cells: ['cancel', 'and write nothing'] },
  ];
}

/** The plan, and what to do with the recipe. */
export const finishStep: Step = {
  name: 'finish',
  keys: ['run'],
  async ask(answers, world) {
    const { text, right } = world.isWatched ? await outlook(answers, world) : { text: '', right: true };
    const choices = choicesOf(answers, world, right);
    const wanted = answers.run === false ? 'write' : 'run';
    const unasked = answers.run === true ? 'run' : 'write';
    return {
      kind: 'one',
      step: 'finish',
      title: 'what now',
      ...(text !== '' && { report: text }),
      choices,
      byDefault: right ? (world.isWatched ? wanted : unasked) : 'jump',
    };
  },
  async take(answers, reply, world) {
    if (reply.kind !== 'one') return answers;
    if (reply.value === 'cancel') throw new InterruptedError('cancelled; nothing was written');
    if (reply.value === 'jump') return answers;
    await settingsOf(answers, world);
    return { ...answers, run: reply.value === 'run' };
  },
};
