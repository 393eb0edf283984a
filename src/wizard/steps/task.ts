import type { AnyTask } from '../../../tasks/task.js';
import type { BackboneShape } from '../../backbones/backbone.js';
import { formatProblem, UsageError } from '../../base/errors.js';
import type { Answers } from '../answers.js';
import { chosenBackbone, defaultOptions, offeredTasks } from '../chosen.js';
import { recogniseSplits } from '../dataFolders.js';
import type { Choice } from '../question.js';
import type { Step } from '../step.js';
import type { World } from '../world.js';

/** Why a task can't run on a backbone; undefined: it can. */
function refusal(task: AnyTask, backbone: BackboneShape): string | undefined {
  try {
    task.check?.(defaultOptions(task), backbone);
    return undefined;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.problems.map(({ message }) => formatProblem({ message })).join('; ');
  }
}

function choiceOf(task: AnyTask, backbone: BackboneShape): Choice {
  const refused = refusal(task, backbone);
  return {
    value: task.kind,
    cells: [task.kind, refused ?? task.description],
    description: task.description,
    ...(refused !== undefined && { refused }),
  };
}

/** The answers with another task; files are those of a task, and a folder stays where the other one finds its data too. */
function withTask({ files, data, ...answers }: Answers, task: AnyTask, world: World): Answers {
  const first = answers.task === undefined;
  const stays =
    data !== undefined && (first || recogniseSplits(task, data, world.listing(data)).train !== undefined);
  return {
    ...answers,
    task: task.kind,
    ...(stays && { data }),
    ...(first && files && { files }),
  };
}

/** What is learned: the tasks that the backbone can do, first the one whose data is there. */
export const taskStep: Step = {
  name: 'task',
  keys: ['task'],
  async ask(answers, world) {
    const { shape } = chosenBackbone(answers, world);
    const choices = offeredTasks(world.modules).map((task) => choiceOf(task, shape));
    const possible = choices.filter(({ refused }) => refused === undefined);
    const hasData = (kind: string) =>
      offeredTasks(world.modules).some((task) => task.kind === kind && world.dataFolders(task).length > 0);
    const byDefault = answers.task ?? (possible.find(({ value }) => hasData(value)) ?? possible[0])?.value;
    return {
      kind: 'one',
      step: 'task',
      title: 'task',
      choices: [...possible, ...choices.filter(({ refused }) => refused !== undefined)],
      ...(byDefault !== undefined && { byDefault }),
    };
  },
  async take(answers, reply, world) {
    if (reply.kind !== 'one') return answers;
    const task = offeredTasks(world.modules).find(({ kind }) => kind === reply.value);
    if (!task) throw new UsageError({ where: 'task', message: `there is no task "${reply.value}" here` });
    const refused = refusal(task, chosenBackbone(answers, world).shape);
    if (refused !== undefined) throw new UsageError({ where: 'task', message: refused });
    return answers.task === task.kind ? answers : withTask(answers, task, world);
  },
};
