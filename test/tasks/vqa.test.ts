import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.js';
import { startEngine, tf } from '../../src/engine/index.js';
import type { VqaExample } from '../../tasks/examples.js';
import { classifierParameters, classify } from '../../tasks/heads/classifier.js';
import { tasks } from '../../tasks/index.js';
import type { VqaOptions } from '../../tasks/vqa.js';
import { processorOf } from '../backbones/opened.js';
import { type Colour, drawPicture, temporaryFolder } from '../data/pictures.js';
import { parityPath, readJson } from '../parity/readParity.js';
import { vqa } from '../readableTasks.js';
import { describeTask } from './conformance.js';

const folder = temporaryFolder();
const options: VqaOptions = { minimumAnswerCount: 1, maximumAnswers: 3129, dropout: 0.1 };
const colours = { red: [230, 20, 20], green: [20, 200, 40], blue: [10, 40, 240] } as const;

const example = (id: string, question: string, answers: readonly string[], picture = 'red'): VqaExample => ({
  id,
  question,
  answers,
  questionType: question.split(' ')[0]!,
  answerType: answers[0] === 'yes' || answers[0] === 'no' ? 'yes/no' : 'other',
  picture: {
    id: picture,
    path: join(folder.path, `${picture}.png`),
    boxes: picture === 'red' ? [[0, 0, 5, 5]] : [],
  },
});
const ten = (...answers: string[]) => Array.from({ length: 10 }, (_, i) => answers[i % answers.length]!);
const times = (counts: Record<string, number>) =>
  Object.entries(counts).flatMap(([answer, n]) => new Array<string>(n).fill(answer));

beforeAll(async () => {
  for (const [name, colour] of Object.entries(colours)) {
    await drawPicture(join(folder.path, `${name}.png`), { width: 12, height: 10 }, colour as Colour);
  }
});
afterAll(() => folder.remove());

const processor = () =>
  processorOf({
    folder: parityPath('tokenizers', 'bert_wordpiece'),
    config: { model_type: 'visual_bert', visual_embedding_dim: 3 },
    regions: { kind: 'crop-pixels', size: 1 },
    maxTextLength: 16,
  });

interface Golden {
  readonly cases: readonly { prediction: string; answers: readonly string[]; expected: number }[];
  readonly overall_accuracy_percent: number;
}
const golden = readJson<Golden>('metrics', 'vqa.json');

describeTask({
  task: vqa,
  options,
  examples: async () =>
    Object.keys(colours).flatMap((colour) => [
      example(`${colour} 1`, 'what color', ten(colour), colour),
      example(`${colour} 2`, 'is the picture as red as a dog', ten(colour === 'red' ? 'yes' : 'no'), colour),
    ]),
  // five answers, of which one is right
  chance: { accuracy: 1 / 5 },
  fixtures: [
    {
      name: 'forty answers scored by the reference',
      predictions: golden.cases.map(({ prediction }, i) => ({ id: `${i}`, answer: prediction })),
      examples: golden.cases.map(({ answers }, i) => example(`${i}`, 'what', answers)),
      expected: { accuracy: golden.overall_accuracy_percent / 100 },
    },
  ],
});

describe('vqa', () => {
  const training = [
    example('1', 'what is it', times({ 'A cat.': 6, dog: 4 })),
    example('2', 'what is it', times({ cat: 1, cats: 9 })),
    example('3', 'what else', times({ dog: 10 })),
    example('4', 'is it', times({ Two: 3, yes: 7 })),
    example('5', 'is it', times({ yes: 10 })),
    { ...example('6', 'is it', times({ no: 5, maybe: 5 })), majorityAnswer: 'No' },
  ];

  it('is in the list of tasks', () => expect(tasks.map(({ kind }) => kind)).toContain(vqa.kind));

  it('chooses from normalised majority answers, most frequent first, ties by name', () => {
    expect(vqa.fit(options, training).answers).toEqual(['yes', 'cat', 'cats', 'dog', 'no']);
    expect(vqa.fit({ ...options, minimumAnswerCount: 2 }, training).answers).toEqual(['yes']);
    expect(vqa.fit({ ...options, maximumAnswers: 2 }, training).answers).toEqual(['yes', 'cat']);
    expect(() => vqa.fit({ ...options, minimumAnswerCount: 3 }, training)).toThrow('3 training questions');
  });

  it('has soft targets of 0.3, 0.6, 0.9 and 1 for answers of the vocabulary', async () => {
    const some = [
      example('1', 'a', times({ cat: 1, dog: 2, yes: 3, 'the No!': 4 })),
      example('2', 'b', times({ unheard: 9, cats: 1 })),
    ];
    const random = createRandom(1);
    const state = vqa.fit(options, training);
    const batch = await vqa.collate(some, { state, processor: await processor(), random, training: true });
    const targets = [...batch['target.scores']!.data].map((value) => Math.round(value * 1e6) / 1e6);
    expect(targets).toEqual([0.9, 0.3, 0, 0.6, 1, 0, 0, 0.3, 0, 0]);
  });

  it('predicts the most probable answer and the next four, without labels too', async () => {
    const asked = vqa.exampleFrom!({
      text: 'What is it?',
      pictures: [{ id: 'red', path: join(folder.path, 'red.png') }],
      id: 'mine',
    });
    const state = { answers: ['a', 'b', 'c', 'd', 'e', 'f'] };
    const context = { state, processor: await processor(), random: createRandom(1), training: false };
    const batch = await vqa.collate([asked], context);
    expect(Object.keys(batch).filter((key) => key.startsWith('target.'))).toEqual([]);
    expect(batch.regionMask!.shape).toEqual([1, 10]);
    const logits = { dtype: 'float32', shape: [1, 6], data: Float32Array.of(-1, 2, 0, 2, -3, -2) } as const;
    const [prediction] = vqa.predict({ logits }, [asked], state, options);
    expect(prediction).toMatchObject({ id: 'mine', answer: 'b', score: expect.closeTo(0.880797, 6) });
    expect((prediction!.top as { answer: string }[]).map(({ answer }) => answer)).toEqual([
      'b',
      'd',
      'c',
      'a',
      'f',
    ]);
  });

  it('refuses requests with several pictures or with choices', () => {
    const picture = { id: 'red', path: 'red.png' };
    const request = { id: '1', text: 'what is it', pictures: [picture] } as const;
    expect(() => vqa.exampleFrom!({ ...request, pictures: [picture, picture] })).toThrow('2 pictures; one');
    expect(() => vqa.exampleFrom!({ ...request, choices: ['cat'] })).toThrow('choices are given');
  });

  it("submits the official results, ids as the questions file has them, in the questions' order", () => {
    const examples = [
      { ...example('262148000', 'what is it', ten('cat')), questionId: 262148000 },
      { ...example('q2', 'what else', ten('dog')), questionId: 'q2' },
    ];
    const predictions = [
      { id: 'q2', answer: 'dog' },
      { id: '262148000', answer: 'cat' },
    ];
    const [file, ...others] = vqa.submission!(predictions, examples);
    expect(others).toEqual([]);
    expect(file!.name).toMatch(/\.json$/);
    expect(JSON.parse(file!.content)).toEqual([
      { question_id: 262148000, answer: 'cat' },
      { question_id: 'q2', answer: 'dog' },
    ]);
  });

  it('reports each answer type and question type, and refuses questions without answers', () => {
    const predictions = training.map(({ id }) => ({ id, answer: 'yes' }));
    const report = vqa.evaluate(predictions, training, options);
    expect(report.groups!.answerType).toMatchObject({ 'yes/no': { value: 0.5, count: 2 } });
    expect(report.groups!.questionType!.is!.count).toBe(3);
    const { answers: _, ...unanswered } = training[0]!;
    expect(() => vqa.evaluate(predictions, [unanswered], options)).toThrow('1 of 1 questions has no answers');
  });

  it('has the majority answer, of all and of each question type, as baseline', () => {
    const state = vqa.fit(options, training);
    const test = [example('7', 'is it', ten('yes')), example('8', 'what is it', ten('cat'))];
    expect(vqa.baseline!(training, test, state, options).values).toEqual({
      accuracy: 0.5,
      accuracyByQuestionTypePrior: 1,
    });
  });
});

describe('the classifier', () => {
  beforeAll(() => startEngine());

  it('starts at zero biases and small weights, and normalises after GELU', async () => {
    const specs = classifierParameters({ inputWidth: 4, hiddenWidth: 8, classes: 3 });
    expect(specs.map(({ name, shape }) => [name, shape])).toEqual([
      ['dense.weight', [8, 4]],
      ['dense.bias', [8]],
      ['norm.weight', [8]],
      ['norm.bias', [8]],
      ['output.weight', [3, 8]],
      ['output.bias', [3]],
    ]);
    const values: Record<string, ReturnType<typeof tf.tensor>> = {
      'dense.weight': tf.tensor2d([[1], [-1]]),
      'dense.bias': tf.zeros([2]),
      'norm.weight': tf.ones([2]),
      'norm.bias': tf.tensor1d([0, 10]),
      'output.weight': tf.tensor2d([
        [1, 0],
        [0, 1],
      ]),
      'output.bias': tf.tensor1d([0.5, 0]),
    };
    const rates: number[] = [];
    const dropout = (x: ReturnType<typeof tf.tensor>, rate: number) => {
      rates.push(rate);
      return x;
    };
    const logits = classify(tf.tensor2d([[1]]), (name) => values[name]!, { dropout, dropoutRate: 0.1 });
    const [first, second] = await logits.data(); // gelu(1) > gelu(-1): normalised to 1 and -1
    expect(first).toBeCloseTo(1.5, 4);
    expect(second).toBeCloseTo(9, 4);
    expect(rates).toEqual([0.1]);
  });
});
