import { posix, relative, resolve } from 'node:path';
import { UsageError } from '../../base/errors.js';
import { chosenTask } from '../chosen.js';
import type { Choice } from '../question.js';
import type { Step } from '../step.js';
import type { World } from '../world.js';

/** Where the sample data goes, and the answer that asks for it. */
const SAMPLE = 'data/emoji-scenes';
const MAKE_SAMPLE = 'make emoji-scenes';

const sample: Choice = {
  value: MAKE_SAMPLE,
  cells: [MAKE_SAMPLE, 'draw the sample data, 4000 pictures'],
  description: `for every task, into ${SAMPLE} (vlgraft data make emoji-scenes)`,
};

/** A folder as a recipe names it: from the working directory where it lies in it. */
function shortest(folder: string): string {
  const path = relative('.', resolve(folder)).split('\\').join('/');
  return path.startsWith('..') ? posix.normalize(folder) : path || '.';
}

/** The folder that the examples come from. */
export const dataStep: Step = {
  name: 'data',
  keys: ['data'],
  async ask(answers, world) {
    const task = chosenTask(answers, world);
    const found = world.dataFolders(task).map(({ folder, splits }): Choice => {
      const value = folder === '' ? '.' : folder;
      return { value, cells: [value, splits.join(', ')] };
    });
    const { data } = answers;
    const typed: Choice[] =
      data === undefined || found.some(({ value }) => value === data)
        ? []
        : [{ value: data, cells: [data, ''] }];
    const choices = [...typed, ...found, ...(world.isThere(SAMPLE) ? [] : [sample])];
    const byDefault = data ?? found[0]?.value;
    return {
      kind: 'one',
      step: 'data',
      title: 'data',
      choices,
      ...(byDefault !== undefined && { byDefault }),
      free: 'a folder',
    };
  },
  async take(answers, reply, world) {
    if (reply.kind !== 'one') return answers;
    const data = await folderOf(reply.value, world);
    const { files: _files, ...rest } = answers;
    return answers.data === undefined || answers.data === data ? { ...answers, data } : { ...rest, data };
  },
};

async function folderOf(value: string, world: World): Promise<string> {
  if (value === MAKE_SAMPLE) {
    await world.makeData(SAMPLE);
    return SAMPLE;
  }
  if (world.isThere(value)) return shortest(value);
  const expected = `a folder from here, or "${MAKE_SAMPLE}"`;
  throw new UsageError({ where: 'data', message: `there is no folder ${JSON.stringify(value)}`, expected });
}
