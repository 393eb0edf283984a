import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InterruptedError } from '../../src/base/errors.js';
import { float32, type HostTensor } from '../../src/base/hostTensor.js';
import { writeSafetensors } from '../../src/checkpoints/safetensors.js';
import type { RunSettings } from '../../src/training/settings.js';
import { writeTinyBackbone } from '../cli/tinyRecipe.js';
import { drawPicture, temporaryFolder } from '../data/pictures.js';
import { checkData } from '../shipped.js';
import { toyTraining } from './toy.js';

let folder: ReturnType<typeof temporaryFolder>;
const file = (...names: string[]) => join(folder.path, ...names);
const write = (name: string, value: unknown) =>
  writeFileSync(file(name), typeof value === 'string' ? value : JSON.stringify(value));

const ten = (answer: string) => new Array(10).fill({ answer });
const box = (image_id: number, bbox: number[]) => ({ image_id, bbox });

/** Questions `from`..`from + 5`, two about each of three pictures of 20 x 10 pixels; one box a picture, the first has two. */
async function writeSplit(name: string, from: number) {
  const pictures = [0, 1, 2].map((index) => from + index);
  for (const id of pictures) await drawPicture(file(`${id}.png`), { width: 20, height: 10 }, [id * 9, 9, 9]);
  const ids = pictures.flatMap((picture, index) => [
    { question_id: from + 2 * index, image_id: picture },
    { question_id: from + 2 * index + 1, image_id: picture },
  ]);
  write(`questions_${name}.json`, {
    questions: ids.map((one) => ({ ...one, question: 'is there a red one on the left' })),
  });
  write(`annotations_${name}.json`, { annotations: ids.map((one) => ({ ...one, answers: ten('yes') })) });
  write(`instances_${name}.json`, {
    images: pictures.map((id) => ({ id, file_name: `${id}.png`, width: 20, height: 10 })),
    annotations: [...pictures.map((id) => box(id, [0, 0, 20, 10])), box(from, [5, 5, 5, 5])],
  });
}

const split = (name: string) => ({
  questions: file(`questions_${name}.json`),
  annotations: file(`annotations_${name}.json`),
  images: folder.path,
  instances: file(`instances_${name}.json`),
  checkImages: true,
});

const settings = (): RunSettings => ({
  name: 'checked',
  seed: 1,
  backbone: { from: file('model'), precision: 'f32' },
  adapters: [],
  task: { kind: 'vqa', minimumAnswerCount: 1, maximumAnswers: 10, dropout: 0 },
  data: {
    train: split('train'),
    validation: split('val'),
    regions: { kind: 'crop-pixels', size: 4 },
    maxTextLength: 8,
  },
  training: toyTraining,
  output: file('run'),
});

beforeEach(async () => {
  folder = temporaryFolder();
  writeTinyBackbone(folder.path);
  await writeSplit('train', 0);
  await writeSplit('val', 10);
});
afterEach(() => folder.remove());

const short = (text: string | undefined) => text?.replaceAll(`${folder.path}/`, '');
const problemsOf = async (recipe = settings()) =>
  (await checkData(recipe)).problems.map(
    ({ split: name, file: from, where, message, examples }) =>
      `${[name, short(from), where].filter(Boolean).join(' ')}: ${short(message)}${examples ? ` x${examples}` : ''}`,
  );

describe('checking data', () => {
  it('says how much there is where all is well', async () => {
    const stages: string[] = [];
    const report = await checkData(settings(), {
      onProgress: ({ stage, done, total }) => stages.push(`${stage} ${done}/${total}`),
    });
    const facts = {
      examples: 6,
      pictures: 3,
      longestText: 10,
      truncatedTexts: 1,
      boxes: { min: 1, mean: 4 / 3, max: 2 },
    };
    const notes = ['train', 'validation'].map(
      (name) => `1 text of ${name} is cut to data.maxTextLength, 8 tokens; the longest has 10`,
    );
    expect(report).toEqual({ splits: { train: facts, validation: facts }, problems: [], notes });
    expect(stages).toEqual(['files 1/2', 'files 2/2', 'train 6/6', 'validation 6/6']);
  });

  it('tells every problem of every split: files, pictures and boxes, each once', async () => {
    rmSync(file('0.png'));
    write('1.png', 'no picture');
    await drawPicture(file('11.png'), { width: 20, height: 5 }, [1, 2, 3]);
    write('12.png', '');
    expect(await problemsOf()).toEqual([
      'train questions_train.json /questions/0/image_id: the picture 0.png is missing',
      'validation questions_val.json /questions/4/image_id: the picture 12.png is empty (0 bytes)',
      'train 1.png example 2: this is not a picture x2',
      'validation 11.png example 12: the picture is 20 x 5 pixels, the dataset says 20 x 10',
    ]);
  });

  it('goes on with the other splits where one can not be read', async () => {
    write('questions_train.json', '{"questions": [}');
    write('annotations_val.json', { annotations: [] });
    write('11.png', 'no picture');
    const problems = await problemsOf();
    expect(problems[0]).toMatch(/^train questions_train.json: not JSON/);
    expect(problems.filter((problem) => problem.startsWith('validation'))).toHaveLength(6);
    const alone = settings();
    const { problems: told } = await checkData(alone, { skip: new Set(['validation']) });
    expect(told.every(({ split: name }) => name === 'train')).toBe(true);
  });

  it('notes ids and pictures that splits share', async () => {
    const recipe = settings();
    const same = { ...recipe, data: { ...recipe.data, test: recipe.data.train } };
    const { notes, problems } = await checkData(same);
    expect(problems).toEqual([]);
    expect(notes.slice(3)).toEqual([
      '6 example ids are in both train and test, the first: 0',
      `3 pictures are in both train and test, the first: ${file('0.png')}`,
    ]);
  });

  it('checks every task of several apart', async () => {
    write('questions_val.json', 'no JSON');
    const recipe = settings();
    const several: RunSettings = {
      ...recipe,
      task: {
        kind: 'multi',
        tasks: { a: recipe.task, b: recipe.task },
        mixing: { kind: 'size' },
        lossWeights: {},
      },
      data: {
        ...recipe.data,
        train: { a: split('train'), b: split('val') },
        validation: { a: split('train') },
      },
    };
    const { splits, problems } = await checkData(several);
    expect(Object.keys(splits)).toEqual(['train a', 'validation a']);
    expect(problems.map(({ split: name }) => name)).toEqual(['train b']);
  });

  it('reads features where there are any, and names those that are missing', async () => {
    const features = (id: number): [string, HostTensor][] => [
      [`${id}.features`, float32([1, 48])],
      [`${id}.boxes`, float32([1, 4], Float32Array.of(0, 0, 5, 5))],
      [`${id}.size`, float32([2], Float32Array.of(20, 10))],
    ];
    const tensors = new Map([0, 2, 10, 11, 12].flatMap(features));
    writeSafetensors(file('features.safetensors'), tensors);
    rmSync(file('11.png'));
    const recipe = settings();
    const regions = { kind: 'precomputed', path: file('features.safetensors') };
    const unread = { ...split('val'), checkImages: false };
    const data = { ...recipe.data, validation: unread, regions };
    const problems = await problemsOf({ ...recipe, data });
    expect(problems).toEqual([expect.stringMatching(/^train features\.safetensors .*example 2: .* x2$/)]);
  });

  it('stops when it is asked to', async () => {
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    await expect(checkData(settings(), { onProgress, signal: controller.signal })).rejects.toThrow(
      InterruptedError,
    );
  });
});
