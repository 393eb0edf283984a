import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import { type AskLine, predictDialog } from '../../src/cli/predictDialog.js';
import type { Shell } from '../../src/cli/shell.js';
import type { InputForm, LoadedRun } from '../../src/trained/loadedRun.js';
import type { PredictionInput } from '../../src/trained/predictionInput.js';
import { drawPicture, temporaryFolder } from '../data/pictures.js';

const folder = temporaryFolder();
const [cat, dog] = ['cat.png', 'dog.png'].map((name) => join(folder.path, name)) as [string, string];
beforeAll(async () => {
  for (const path of [cat, dog]) await drawPicture(path, { width: 8, height: 8 }, [1, 2, 3]);
});
afterAll(() => folder.remove());

const plain: InputForm = { pictures: 1, boxes: false, together: false, files: true };

/** What is asked and told when these lines are typed; undefined is Ctrl-D. */
async function talk(
  lines: readonly (string | undefined)[],
  forms: readonly InputForm[] = [plain],
  given: Parameters<typeof predictDialog>[3] = {},
) {
  const [asked, answered, complaints]: [string[], PredictionInput[], string[]] = [[], [], []];
  const left = [...lines];
  const ask: AskLine = async (question) => {
    asked.push(question);
    return left.shift();
  };
  const shell = {
    result: () => {},
    log: () => {},
    complain: (line: string) => complaints.push(line),
  } as unknown as Shell;
  const run = {
    forms,
    recipe: { task: { kind: 'vqa' } },
    predict: async ([input]: readonly PredictionInput[]) => {
      if (input?.text === 'bad') throw new UsageError('it is bad');
      answered.push(input as PredictionInput);
      return [{ id: '0', answer: 'yes', score: 1 }];
    },
  } as unknown as LoadedRun;
  await predictDialog(shell, run, ask, given);
  return { asked, answered, complaints };
}

describe('asking a run on a terminal', () => {
  it('asks for a picture and a text, keeps the picture at Enter, and ends at an empty text', async () => {
    const { asked, answered } = await talk([cat, 'Is it red?', '', 'Is it big?', '', '']);
    expect(asked).toEqual([
      'picture: ',
      'text: ',
      `picture [${cat}]: `,
      'text: ',
      `picture [${cat}]: `,
      'text: ',
    ]);
    expect(answered).toEqual([
      { text: 'Is it red?', picture: cat },
      { text: 'Is it big?', picture: cat },
    ]);
  });

  it.each([
    ['Ctrl-D', undefined],
    ['Enter where there is no picture', ''],
  ])('ends at %s', async (_what, line) => {
    expect((await talk([line])).answered).toEqual([]);
  });

  it('tells a picture that can not be read at once, and asks for it again', async () => {
    const { asked, answered, complaints } = await talk(['no.png', cat, 'What?', '', '']);
    expect(complaints).toEqual(['no.png: no such picture']);
    expect(asked.slice(0, 3)).toEqual(['picture: ', 'picture: ', 'text: ']);
    expect(answered).toHaveLength(1);
  });

  it('goes on after a question that the task does not like', async () => {
    const { answered, complaints } = await talk([cat, 'bad', '', 'good', '', '']);
    expect(complaints).toEqual(['it is bad']);
    expect(answered.map(({ text }) => text)).toEqual(['good']);
  });

  it('begins with the picture of the command line', async () => {
    const { asked, answered } = await talk(['', 'What?', '', ''], [plain], { pictures: [dog] });
    expect(asked[0]).toBe(`picture [${dog}]: `);
    expect(answered).toEqual([{ text: 'What?', picture: dog }]);
  });

  it('asks for two pictures, boxes and choices where the task needs them', async () => {
    const form = { ...plain, pictures: 2, boxes: true, choices: 2 };
    const boxes = '[[[0,0,4,4]],[[1,1,2,2]]]';
    const { asked, answered } = await talk([cat, dog, boxes, 'Which?', 'a', 'b', undefined], [form]);
    expect(asked.slice(0, 3)).toEqual([
      'picture 1 of 2: ',
      'picture 2 of 2: ',
      'boxes, [[x1, y1, x2, y2], ...] in pixels: ',
    ]);
    expect(answered).toEqual([
      { text: 'Which?', pictures: [cat, dog], boxes: JSON.parse(boxes) as unknown, choices: ['a', 'b'] },
    ]);
  });

  it('asks for the id of stored features instead of a file', async () => {
    const { asked, answered } = await talk(['42', 'What?', undefined], [{ ...plain, files: false }]);
    expect(asked[0]).toBe('id of the picture: ');
    expect(answered).toEqual([{ text: 'What?', picture: '42' }]);
  });

  it('asks which task is meant where there are several, unless the command line says so', async () => {
    const forms = ['vqa', 'other'].map((task) => ({ ...plain, task }));
    const { asked, answered } = await talk(['no', 'other', cat, 'What?', undefined], forms);
    expect(asked.slice(0, 2)).toEqual(['task (vqa, other) [vqa]: ', 'task (vqa, other) [vqa]: ']);
    expect(answered).toEqual([{ text: 'What?', picture: cat, task: 'other' }]);
    const named = await talk([cat, 'What?', undefined], forms, { task: 'vqa' });
    expect(named.answered).toEqual([{ text: 'What?', picture: cat, task: 'vqa' }]);
  });

  it('is no way to ask a run that ranks all inputs together', async () => {
    await expect(talk([], [{ ...plain, together: true }])).rejects.toThrow('ranks texts and pictures');
  });
});
