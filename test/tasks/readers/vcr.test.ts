import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/base/errors.js';
import { readVcr } from '../../../tasks/readers/vcr.js';
import { tagText } from '../../../tasks/vcr/taggedText.js';

const root = join(dirname(fileURLToPath(import.meta.url)), 'fixtures/vcr');
const split = (name: string) => ({ annotations: join(root, name), images: join(root, 'vcr1images') });

function problemsOf(name: string): string[] {
  try {
    readVcr(split(name));
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message.replaceAll(`${root}/`, '').split('\n');
  }
  throw new Error('nothing was wrong');
}

describe('readVcr', () => {
  it('reads references as names of objects, and says where they stand and which box they mean', () => {
    const [first, second] = readVcr(split('val.jsonl'));
    expect(first).toMatchObject({
      id: 'val-0',
      picture: {
        id: 'movie/a.png',
        width: 40,
        height: 30,
        boxes: [
          [1, 2, 11, 12],
          [20, 5, 39, 29],
          [0, 0, 5, 5],
        ],
      },
      question: {
        text: 'Why is person 1 and person 2 smiling at dog 1?',
        spans: [
          { start: 7, end: 15, box: 0 },
          { start: 20, end: 28, box: 1 },
          { start: 40, end: 45, box: 2 },
        ],
      },
      answerLabel: 0,
      rationaleLabel: 3,
    });
    expect(first!.answers.map(({ text }) => text)).toEqual([
      'person 1 is happy.',
      'Été 🙂.',
      "person 2's late.",
      'No.',
    ]);
    expect(second!.answerLabel).toBe(2);
  });

  it('reads a test set without labels', () => {
    const [first] = readVcr(split('test.jsonl'));
    expect([first!.answerLabel, first!.rationaleLabel]).toEqual([undefined, undefined]);
  });

  it('names everything that is wrong at once', () => {
    expect(problemsOf('wrong.jsonl')).toEqual([
      'wrong.jsonl:4 /answer_label: it is 4; at most 3',
      'wrong.jsonl:5 /answer_choices: it has 1 item; exactly 4',
      'wrong.jsonl:12:13: not JSON: a value was expected here',
      'wrong.jsonl:2: annot_id a is already used in line 1',
      'wrong.jsonl:3 b: object 7 is not in the picture; 0 to 2',
      'vcr1images/movie/none.json: no such file',
      'vcr1images/movie/torn.json:1:16: not JSON: a closing ] was expected here',
      'vcr1images/movie/outside.json /boxes/1: the box [90, 5, 99, 29] lies outside its picture of 40 x 30 pixels',
      "wrong.jsonl:10 i: '../../leak.png' leads out of vcr1images",
      'vcr1images/movie/names.json: 1 boxes and 2 names; as many of both',
      'wrong.jsonl:9: the picture vcr1images/movie/zero.png is empty (0 bytes)',
    ]);
    expect(problemsOf('zero.jsonl')).toEqual(['zero.jsonl: the file is empty (0 bytes)']);
  });
});

it('writes words as a reader expects them', () => {
  expect(tagText(['He', 'said', ':', 'no', ',', [0], "'s", 'hat', '!'], ['person 1']).text).toBe(
    "He said: no, person 1's hat!",
  );
});
