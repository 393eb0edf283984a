import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extendModules } from '../../../src/modules/extend.js';
import { shippedModules } from '../../../src/modules/shippedModules.js';
import { withReaders } from '../../../tasks/readable.js';
import { readers } from '../../../tasks/readers/index.js';
import { defineReader } from '../../../tasks/readers/reader.js';
import { drawPicture, temporaryFolder } from '../../data/pictures.js';
import { retrieval as literal, retrieval } from '../../readableTasks.js';
import { resolveRecipe } from '../../shipped.js';

const folder = temporaryFolder();
const at = (name: string): string => join(folder.path, name);

beforeAll(async () => {
  mkdirSync(at('images'));
  for (const name of ['1.png', '2.png'])
    await drawPicture(at(`images/${name}`), { width: 8, height: 8 }, [9, 9, 9]);
  const images = [
    { id: 1, file_name: '1.png' },
    { id: 2, file_name: '2.png' },
  ];
  const annotations = [
    { id: 10, image_id: 2, caption: 'a cat ' },
    { id: 11, image_id: 1, caption: 'a dog' },
    { id: 12, image_id: 2, caption: 'two cats' },
  ];
  writeFileSync(at('captions.json'), JSON.stringify({ images, annotations }));
});
afterAll(() => folder.remove());

const recipe = (train: object) => ({
  name: 'r',
  backbone: { from: 'scenes-tiny' },
  task: { kind: 'retrieval' },
  data: { train, regions: { kind: 'crop-pixels' } },
});

describe('a split that names its format', () => {
  const split = () => ({ format: 'coco-captions', captions: at('captions.json'), images: at('images') });

  it('is read in that format: COCO captions, picture by picture', async () => {
    const examples = await retrieval.read({} as never, split());
    expect(examples.map(({ id, captions }) => [id, captions])).toEqual([
      [
        '2',
        [
          { id: '10', text: 'a cat' },
          { id: '12', text: 'two cats' },
        ],
      ],
      ['1', [{ id: '11', text: 'a dog' }]],
    ]);
  });

  it('is checked by the schema of that format', () => {
    expect(resolveRecipe(recipe(split()), { files: false }).data.train).toEqual({
      ...split(),
      checkImages: true,
    });
    const { captions: _captions, ...rest } = split();
    expect(() => resolveRecipe(recipe(rest), { files: false })).toThrow(
      /data\.train: the key "captions" is missing/,
    );
    expect(() => resolveRecipe(recipe({ ...split(), restval: true }), { files: false })).toThrow(
      /data\.train\.restval: unknown key/,
    );
    expect(() => resolveRecipe(recipe({ ...split(), format: 'coco' }), { files: false })).toThrow(
      /data\.train\.format: "coco" is not known.*coco-captions/,
    );
  });

  it('tells a file that is not there', () => {
    expect(() => resolveRecipe(recipe({ ...split(), captions: 'none.json' }))).toThrow(
      /data\.train\.captions.*none\.json/,
    );
  });

  it('is in the first format where it names none', () => {
    const karpathy = { annotations: 'dataset.json', images: 'images' };
    expect(resolveRecipe(recipe(karpathy), { files: false }).data.train).toMatchObject(karpathy);
    expect(
      resolveRecipe(recipe({ ...karpathy, format: 'karpathy' }), { files: false }).data.train,
    ).toMatchObject(karpathy);
  });

  it('is recognised by the names of its files', () => {
    const files = ['annotations/captions_train2017.json', 'annotations/captions_val2017.json'];
    const found = retrieval.recognise?.({ files, pictureFolders: ['train2017', 'val2017'] });
    expect(found?.train).toEqual({
      format: 'coco-captions',
      captions: 'annotations/captions_train2017.json',
      images: 'train2017',
    });
  });
});

const lines = defineReader({
  kind: 'lines',
  description: 'A question, an answer and a picture a line.',
  gives: 'questions',
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['count'],
    properties: { count: { type: 'integer', description: 'How many.' } },
  },
  read: ({ count }: { count: number }) =>
    Array.from({ length: count }, (_, index) => ({
      id: `${index}`,
      question: 'what?',
      picture: { id: 'p', path: 'p.png' },
      answers: ['this'],
    })),
});

describe('a reader that a program adds', () => {
  const modules = extendModules(shippedModules, { readers: [lines] });
  const vqa = modules.tasks.find(({ kind }) => kind === 'vqa')!;

  it('serves every task that asks for what it gives, alone and among several', async () => {
    expect((await vqa.read({}, { format: 'lines', count: 3 })).length).toBe(3);
    const multi = modules.tasks.find(({ kind }) => kind === 'multi')!;
    const options = { tasks: { a: { kind: 'vqa' } }, mixing: { kind: 'size' }, lossWeights: {} };
    const examples = await multi.read(options, { a: { format: 'lines', count: 2 } });
    expect(examples.map(({ id }) => id)).toEqual(['a/0', 'a/1']);
  });

  it('is known to recipes, and its options are checked', () => {
    const input = {
      ...recipe({ format: 'lines', count: 'x' }),
      task: { kind: 'vqa' },
    };
    expect(() => resolveRecipe(input, { modules, files: false })).toThrow(/data\.train\.count/);
    expect(() => resolveRecipe(input, { files: false })).toThrow(/data\.train\.format/);
  });

  it('must have a name of its own among those that give the same', () => {
    expect(() => extendModules(modules, { readers: [lines] })).toThrow(
      /readers\[0\]\.kind: there is a reader 'lines/,
    );
    const other = { ...lines, gives: 'captions' };
    expect(extendModules(modules, { readers: [other] }).readers).toContain(other);
  });
});

it('a task that no reader serves is refused', () => {
  const none = { ...literal, examples: 'songs' };
  expect(() => withReaders(none as never, readers)).toThrow(/no reader gives "songs".*questions/);
});
