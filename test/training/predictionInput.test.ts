import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Picture } from '../../src/data/sequence.js';
import { inputProblems, type PredictionInput, requestFrom } from '../../src/trained/predictionInput.js';
import { drawPicture, temporaryFolder } from '../data/pictures.js';

const folder = temporaryFolder();
const [left, right] = ['left.png', 'right.png'].map((name) => join(folder.path, name)) as [string, string];
beforeAll(async () => {
  for (const path of [left, right]) await drawPicture(path, { width: 20, height: 10 }, [1, 2, 3]);
});
afterAll(() => folder.remove());

const told = (value: unknown) =>
  inputProblems(value).map(({ where, message }) => [where, message].filter(Boolean).join(': '));
const request = (input: PredictionInput) => requestFrom(input, { index: 3 });

describe('an input to predict on', () => {
  it.each([
    [{ text: 'a', picture: 'x' }, []],
    [
      { text: 'a', pictures: ['x', 'y'], boxes: [[[0, 0, 1, 1]], []], choices: ['b'], id: '1', task: 't' },
      [],
    ],
    [7, ['no input: this is not a JSON object']],
    [{ picture: 'x' }, ['the key "text" is missing']],
    [{ text: 'a' }, ['no picture is given']],
    [{ text: 'a', picture: 'x', pictures: ['x'] }, ['both "picture" and "pictures" are given']],
    [{ text: 1, picture: 'x', txet: 2 }, ['/txet: unknown key', '/text: it is a number (1)']],
    [{ text: 'a', picture: 'x', boxes: [[1, 2]] }, ['"boxes" are not boxes']],
  ])('%j: %j', (value, expected) => expect(told(value)).toEqual(expected));

  it('becomes a request with pictures in order, boxes of one picture or a list of them for each', async () => {
    const boxes = [[0, 0, 20, 10]] as const;
    const size = { width: 20, height: 10 };
    expect(await request({ text: 'a', picture: left, boxes })).toEqual({
      id: '3',
      text: 'a',
      pictures: [{ id: left, path: left, boxes, ...size }],
    });
    expect(
      await request({ text: 'a', pictures: [left, right], boxes: [[], boxes], id: 'x', choices: ['b'] }),
    ).toEqual({
      id: 'x',
      text: 'a',
      pictures: [
        { id: left, path: left, boxes: [], ...size },
        { id: right, path: right, boxes, ...size },
      ],
      choices: ['b'],
    });
  });

  it('may name features instead of files', async () => {
    const boxes = [[1, 2, 3, 4]] as const;
    const stored = async (picture: Picture) => ({ ...picture, boxes, width: 8, height: 8 });
    const { pictures } = await requestFrom({ text: 'a', picture: '42' }, { index: 3, stored });
    expect(pictures).toEqual([{ id: '42', path: '42', boxes, width: 8, height: 8 }]);
    const asked = requestFrom({ text: 'a', picture: '42', boxes }, { index: 3, stored });
    await expect(asked).rejects.toThrow('boxes are given for stored features');
  });

  it.each([
    [{ picture: 'nowhere.png' }, /nowhere.png: no such picture/],
    [{ picture: left, boxes: [[0, 0, 21, 10]] }, /the box \[0, 0, 21, 10\] is not inside .* 20 x 10 pixels/],
    [{ picture: left, boxes: [[5, 5, 5, 9]] }, /the box \[5, 5, 5, 9\] is not inside/],
    [{ pictures: [left, right], boxes: [[0, 0, 1, 1]] }, /boxes for 1 picture, but there are 2/],
  ] as [Partial<PredictionInput>, RegExp][])('is refused: %j', async (input, message) => {
    await expect(request({ text: 'a', ...input })).rejects.toThrow(message);
  });
});
