import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { readCocoInstances } from '../../../tasks/readers/cocoInstances.js';
import { temporaryFolder } from '../../data/pictures.js';

const folder = temporaryFolder();
const file = join(folder.path, 'instances.json');
afterAll(() => folder.remove());

it('gives pictures by id, with sizes and boxes in the order of the file', () => {
  const images = [
    { id: 3, file_name: 'a/b.jpg', width: 640, height: 480 },
    { id: 'x', file_name: 'c.jpg', width: 10, height: 10 },
  ];
  const annotations = [
    { id: 1, image_id: 3, category_id: 5, bbox: [1.5, 2, 10, 20] },
    { id: 2, image_id: 'x', category_id: 5, bbox: [0, 0, 10, 10] },
    { id: 3, image_id: 3, category_id: 6, bbox: [600, 400, 40, 80] },
  ];
  writeFileSync(file, JSON.stringify({ images, annotations, categories: [] }));
  expect([...readCocoInstances(file)]).toEqual([
    [
      '3',
      {
        fileName: 'a/b.jpg',
        width: 640,
        height: 480,
        boxes: [
          [1.5, 2, 11.5, 22],
          [600, 400, 640, 480],
        ],
        ids: ['1', '3'],
      },
    ],
    ['x', { fileName: 'c.jpg', width: 10, height: 10, boxes: [[0, 0, 10, 10]], ids: ['2'] }],
  ]);
});

it('labels boxes by the place of their category in the order of ids, when all have one', () => {
  const images = [
    { id: 1, file_name: 'a.jpg', width: 10, height: 10 },
    { id: 2, file_name: 'b.jpg', width: 10, height: 10 },
  ];
  const box = { bbox: [0, 0, 5, 5] };
  const annotations = [
    { id: 1, image_id: 1, category_id: 90, ...box },
    { id: 2, image_id: 1, category_id: 4, ...box },
    { id: 3, image_id: 2, category_id: 7, ...box },
  ];
  // COCO's ids have gaps, and files list them in any order.
  const categories = [
    { id: 90, name: 'dog' },
    { id: 4, name: 'car' },
    { id: 17, name: 'cat' },
  ];
  writeFileSync(file, JSON.stringify({ images, annotations, categories }));
  const pictures = readCocoInstances(file);
  expect(pictures.get('1')?.labels).toEqual([2, 0]);
  expect(pictures.get('1')?.labelNames).toEqual(['dog', 'car']);
  expect(pictures.get('2')?.labels).toBeUndefined();
});

it('names repeated pictures and wrong sizes', () => {
  const image = { id: 3, file_name: 'a.jpg', width: 640, height: 480 };
  writeFileSync(
    file,
    JSON.stringify({ images: [image, image, { ...image, id: 4, width: 0 }], annotations: [] }),
  );
  expect(() => readCocoInstances(file)).toThrow(
    `${file} /images/2/width: it is 0; at least 1\n${file} /images/1: id 3 is already used at /images/0`,
  );
});

it('refuses boxes that hang over far: two corners that are taken for a corner and a size', () => {
  const images = [{ id: 1, file_name: 'a.jpg', width: 100, height: 80 }];
  const annotations = [
    { id: 1, image_id: 1, bbox: [40, 20, 90, 70] },
    { id: 2, image_id: 1, bbox: [5, 5, -2, 4] },
  ];
  writeFileSync(file, JSON.stringify({ images, annotations }));
  expect(() => readCocoInstances(file)).toThrow(
    `${file} /annotations/0/bbox: the box [40, 20, 90, 70] hangs over its picture of 100 x 80 pixels ` +
      `(read as absolute xywh); [x, y, width, height] in pixels\n` +
      `${file} /annotations/1/bbox: the box [5, 5, -2, 4] has a negative side; [x, y, width, height] in pixels`,
  );
});
