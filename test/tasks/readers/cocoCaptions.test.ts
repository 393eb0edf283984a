import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/base/errors.js';
import { readCocoCaptions } from '../../../tasks/readers/cocoCaptions.js';
import { temporaryFolder } from '../../data/pictures.js';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const write = (name: string, content: unknown) => {
  const path = join(folder.path, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};

const image = (id: number, file_name = `${id}.png`) => ({ id, file_name, width: 30, height: 20 });
for (const id of [1, 2]) write(`${id}.png`, 'a picture');

const split = (captions: unknown, instances?: unknown) => ({
  captions: write('captions.json', captions),
  images: folder.path,
  ...(instances !== undefined && { instances: write('instances.json', instances) }),
});

const problemsOf = (wrong: ReturnType<typeof split>) => {
  try {
    readCocoCaptions(wrong);
  } catch (error) {
    if (error instanceof UsageError)
      return error.problems.map(({ where, message }) => `${where}: ${message}`);
    throw error;
  }
  return [];
};

describe('readCocoCaptions', () => {
  test("says in one line that a file in Karpathy's format is none", () => {
    const images = [1, 2].map((id) => ({ filename: `${id}.png`, sentences: [{ raw: 'a cat' }] }));
    expect(problemsOf(split({ images }))).toEqual([
      "undefined: this is Karpathy's format, which the task retrieval reads; pretrain reads COCO captions",
    ]);
  });

  test('makes an example of each caption, with the boxes of its picture', () => {
    const captions = {
      images: [image(1), image(2)],
      annotations: [
        { id: 10, image_id: 1, caption: 'A cat.' },
        { id: 11, image_id: 2, caption: 'A dog.' },
        { id: 12, image_id: 1, caption: 'One cat.' },
      ],
    };
    const instances = {
      images: [image(1), image(2)],
      annotations: [{ image_id: 1, bbox: [2, 3, 10, 12.5] }],
    };
    const cat = {
      picture: {
        id: '1',
        path: join(folder.path, '1.png'),
        boxes: [[2, 3, 12, 15.5]],
        width: 30,
        height: 20,
      },
      captions: ['A cat.', 'One cat.'],
    };
    expect(readCocoCaptions(split(captions, instances))).toEqual([
      { id: '10', caption: 'A cat.', ...cat },
      {
        id: '11',
        caption: 'A dog.',
        captions: ['A dog.'],
        picture: { id: '2', path: join(folder.path, '2.png'), boxes: [], width: 30, height: 20 },
      },
      { id: '12', caption: 'One cat.', ...cat },
    ]);
  });

  test('tells everything that is wrong at once', () => {
    const captions = {
      images: [image(1), image(1), image(3), image(4, '../4.png')],
      annotations: [
        { id: 10, image_id: 1, caption: ' ' },
        { id: 11, image_id: 9, caption: 'A dog.' },
        { id: 12, image_id: 1, caption: 'A cat.' },
        { id: 12, image_id: 1, caption: 'A cat.' },
      ],
    };
    expect(problemsOf(split(captions))).toEqual([
      expect.stringMatching(/^\/annotations\/0\/caption: /),
      '/images/1: id 1 is already used at /images/0',
      '/annotations/3: id 12 is already used at /annotations/2',
      expect.stringMatching(/^\/images\/3\/file_name: .*'\.\.\/4\.png' leads out of /),
      expect.stringMatching(/^\/images\/2\/file_name: the picture .*3\.png is missing$/),
      '/annotations/1/image_id: image_id 9 is not in /images',
    ]);
  });

  test('refuses boxes outside their picture, and pictures without an entry', () => {
    const captions = {
      images: [image(1), image(2)],
      annotations: [{ id: 1, image_id: 1, caption: 'A cat.' }],
    };
    const outside = { images: [image(1), image(2)], annotations: [{ image_id: 1, bbox: [40, 3, 10, 12] }] };
    expect(problemsOf(split(captions, outside))).toEqual([
      '/annotations/0/bbox: the box [40, 3, 10, 12] lies outside its picture of 30 x 20 pixels',
    ]);
    expect(problemsOf(split(captions, { images: [image(1)], annotations: [] }))).toEqual([
      expect.stringMatching(/^\/images\/1\/id: picture 2 is not in /),
    ]);
  });

  test('names a file that is not there or not JSON', () => {
    expect(problemsOf({ captions: join(folder.path, 'none.json'), images: folder.path })).toHaveLength(1);
    expect(problemsOf(split('{"images": ['))).toHaveLength(1);
  });
});
