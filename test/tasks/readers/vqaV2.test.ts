import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/base/errors.js';
import { readVqaV2 } from '../../../tasks/readers/vqaV2.js';
import { temporaryFolder } from '../../data/pictures.js';
import { vqa } from '../../readableTasks.js';

const folder = temporaryFolder();
const file = (...parts: string[]) => join(folder.path, ...parts);
const write = (name: string, value: unknown) =>
  writeFileSync(file(name), typeof value === 'string' ? value : JSON.stringify(value));
afterAll(() => folder.remove());

const question = (question_id: number, image_id: unknown = 9, text: unknown = 'What is it?') => ({
  question_id,
  image_id,
  question: text,
});
const annotation = (question_id: number, image_id = 9, answers: unknown = ten('cat')) => ({
  question_id,
  image_id,
  question_type: 'what is',
  answer_type: 'other',
  multiple_choice_answer: 'cat',
  answers,
});
const ten = (answer: string) => Array.from({ length: 10 }, (_, i) => ({ answer, answer_id: i + 1 }));
const image = (id: number, file_name: string) => ({ id, file_name, width: 100, height: 80 });

const split = {
  questions: file('questions.json'),
  annotations: file('annotations.json'),
  images: file('images'),
};
const withBoxes = { ...split, instances: file('instances.json') };

const messageOf = (read: () => unknown): string[] => {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError);
    return (error as Error).message.replaceAll(`${folder.path}/`, '').split('\n');
  }
  throw new Error('nothing was wrong');
};

beforeEach(() => {
  mkdirSync(file('images'), { recursive: true });
  for (const name of ['COCO_train2014_000000000009.jpg', 'nine.png']) write(join('images', name), 'pixels');
  write('questions.json', { data_subtype: 'train2014', questions: [question(1), question(2)] });
  write('annotations.json', { annotations: [annotation(2), annotation(1), annotation(77)] });
  write('instances.json', {
    images: [image(9, 'nine.png')],
    annotations: [
      { image_id: 9, bbox: [10, 20, 30, 40] },
      { image_id: 9, bbox: [90, -1, 15, 11.5] },
      { image_id: 9, bbox: [100, 3, 0, 4] },
    ],
  });
});

describe('readVqaV2', () => {
  it('joins questions and annotations and names pictures as COCO does', () => {
    const [first, second] = readVqaV2(split);
    expect(first).toEqual({
      id: '1',
      questionId: 1,
      question: 'What is it?',
      picture: { id: '9', path: file('images', 'COCO_train2014_000000000009.jpg') },
      answers: new Array(10).fill('cat'),
      majorityAnswer: 'cat',
      questionType: 'what is',
      answerType: 'other',
    });
    expect(second!.id).toBe('2');
  });

  it('takes names and boxes from an instances file, boxes as corners cut at the edges', () => {
    const [first] = readVqaV2(withBoxes);
    expect(first!.picture).toEqual({
      id: '9',
      path: file('images', 'nine.png'),
      width: 100,
      height: 80,
      boxes: [
        [10, 20, 40, 60],
        [90, 0, 100, 10.5],
      ],
    });
  });

  it('keeps the digits of ids beyond 2^53, neighbours apart, and submits them as the file has them', () => {
    const ids = ['1610521604143693812', '1610521604143693813', '5808437681602035123', '1e3', '"007"', '-0'];
    const big = (text: unknown) => JSON.stringify(text).replace(/"ID(\d)"/g, (_, at) => ids[Number(at)]!);
    const all = ids.map((_, at) => `ID${at}`);
    write('questions.json', big({ questions: all.map((id) => ({ ...question(1, id), question_id: id })) }));
    write(
      'annotations.json',
      big({ annotations: all.map((id) => ({ ...annotation(1), image_id: id, question_id: id })) }),
    );
    write(
      'instances.json',
      big({ images: all.map((id) => ({ ...image(1, 'nine.png'), id })), annotations: [] }),
    );
    const examples = readVqaV2(withBoxes);
    const read = [...ids.slice(0, 3), '1000', '007', '0'];
    expect(examples.map(({ id, picture }) => [id, picture.id])).toEqual(read.map((id) => [id, id]));
    const predictions = examples.map(({ id }) => ({ id, answer: 'cat' }));
    expect(vqa.submission!(predictions, examples)[0]!.content).toBe(
      `[${[...ids.slice(0, 3), '1000', '"007"', '0'].map((id) => `{"question_id":${id},"answer":"cat"}`).join()}]\n`,
    );
  });

  it('refuses ids whose digits are lost, and numbers that are none', () => {
    const { annotations: _none, ...alone } = split;
    write(
      'questions.json',
      '{"questions": [{"question_id": 1610521604143693812.0, "image_id": 9, "question": "?"}]}',
    );
    expect(messageOf(() => readVqaV2(alone))).toEqual([
      'questions.json /questions/0/question_id: digits of this id are lost: it is beyond 2^53 and written with a point or an exponent',
    ]);
    write('questions.json', '{"questions": [{"question_id": 1.5, "image_id": 9, "question": "?"}]}');
    expect(messageOf(() => readVqaV2(alone))[0]).toMatch(
      /question_id: it is a number \(1\.5\); expected an integer or a string/,
    );
  });

  it('reads questions alone, the first ones only, other names, a byte order mark, CRLF and any language', () => {
    const text = JSON.stringify({ questions: [question(1, 9, '这是什么？ été'), question(2)] }, null, 1);
    write('questions.json', `\uFEFF${text.replaceAll('\n', '\r\n')}`);
    const { annotations: _, ...alone } = split;
    write(join('images', 'p9.jpg'), 'pixels');
    const examples = readVqaV2({ ...alone, imageName: 'p{image_id}.jpg', limit: 1 });
    expect(examples).toEqual([
      {
        id: '1',
        questionId: 1,
        question: '这是什么？ été',
        picture: { id: '9', path: file('images', 'p9.jpg') },
      },
    ]);
  });

  it('tells everything that is wrong with all files at once', () => {
    write('questions.json', {
      data_subtype: 'train2014',
      questions: [
        question(1),
        question(1),
        question(2, 9, 5),
        question(3, 10),
        question(4),
        question(5, null),
      ],
    });
    write('annotations.json', {
      annotations: [
        annotation(1, 8),
        annotation(3, 10, []),
        annotation(4, 9, ten(' ')),
        { question_id: 'x' },
      ],
    });
    expect(messageOf(() => readVqaV2(split))).toEqual([
      'questions.json /questions/2/question: it is a number (5); expected a string',
      'questions.json /questions/5/image_id: it is null; expected an integer or a string',
      'questions.json /questions/1: question_id 1 is already used at /questions/0',
      'annotations.json /annotations/1/answers: it has 0 items; exactly 10',
      'annotations.json /annotations/3: the key "image_id" is missing',
      'annotations.json /annotations/3: the key "answers" is missing',
      'annotations.json /annotations/2/answers: all answers are empty',
      'annotations.json /annotations/0/image_id: question 1 is about image_id 9, its annotation about 8',
      'annotations.json /annotations/0/image_id: question 1 is about image_id 9, its annotation about 8',
      'questions.json /questions/3/image_id: the picture images/COCO_train2014_000000000010.jpg is missing',
    ]);
  });

  it('names unknown pictures, wrong boxes, missing annotations, empty pictures and paths that lead out', () => {
    write('questions.json', { questions: [question(1), question(2, 10), question(3, 11), question(4, 12)] });
    write('annotations.json', { annotations: [annotation(1), annotation(2, 10), annotation(3, 11)] });
    write('instances.json', {
      images: [image(9, 'empty.png'), image(10, '../../etc/passwd')],
      annotations: [],
    });
    write(join('images', 'empty.png'), '');
    expect(messageOf(() => readVqaV2(withBoxes))).toEqual([
      "questions.json /questions/1/image_id: the picture's file name '../../etc/passwd' leads out of images",
      'questions.json /questions/2/image_id: picture 11 is not in instances.json',
      'questions.json /questions/3: question_id 4 has no annotation in annotations.json',
      'questions.json /questions/3/image_id: picture 12 is not in instances.json',
      'questions.json /questions/0/image_id: the picture images/empty.png is empty (0 bytes)',
    ]);
    write('instances.json', {
      images: [image(9, 'nine.png')],
      annotations: [
        { image_id: 9, bbox: [200, 0, 5, 5] },
        { image_id: 8, bbox: [0, 0, 1, 1] },
        { image_id: 9, bbox: [0, 0, 5] },
      ],
    });
    write('questions.json', { questions: [question(1)] });
    expect(messageOf(() => readVqaV2(withBoxes))).toEqual([
      'instances.json /annotations/2/bbox: it has 3 items; exactly 4',
      'instances.json /annotations/0/bbox: the box [200, 0, 5, 5] lies outside its picture of 100 x 80 pixels; ' +
        '[x, y, width, height] in pixels',
      'instances.json /annotations/1: image_id 8 is not in /images',
    ]);
  });

  it('says where a file stops being JSON, or that it is missing, empty or something else', () => {
    write('questions.json', '{"questions": [\n  {"question_id": 1,}\n]}');
    write('annotations.json', '');
    expect(messageOf(() => readVqaV2(withBoxes))).toEqual([
      'questions.json:2:21: not JSON: a key in double quotes was expected here',
      'annotations.json: the file is empty (0 bytes)',
    ]);
    write('questions.json', []);
    expect(messageOf(() => readVqaV2({ ...split, annotations: file('no.json') }))).toEqual([
      'questions.json /questions: there is no such list; {"questions": [...]}',
      'no.json: no such file',
    ]);
  });

  it('reads the layout as it is published, its files by their official names', () => {
    const published = join(import.meta.dirname, 'fixtures/vqa_v2');
    const at = (...names: string[]) => join(published, ...names);
    const examples = readVqaV2({
      questions: at('v2_OpenEnded_mscoco_train2014_questions.json'),
      annotations: at('v2_mscoco_train2014_annotations.json'),
      images: at('train2014'),
    });
    expect(examples.map(({ id, question, picture }) => [id, question, picture.path])).toEqual([
      ['9000', 'What is on the gate?', at('train2014/COCO_train2014_000000000009.jpg')],
      ['9001', 'Is it «verte» – 緑色?', at('train2014/COCO_train2014_000000000009.jpg')],
      ['42000', 'How many are there?', at('train2014/COCO_train2014_000000000042.jpg')],
    ]);
    expect(examples[0]).toMatchObject({
      answers: [...new Array(8).fill('a café ☕'), '', ' '],
      questionType: 'what is on the',
      answerType: 'other',
    });
  });
});
