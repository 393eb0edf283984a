import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/base/errors.js';
import type { HostBatch } from '../../src/base/hostTensor.js';
import { createRandom } from '../../src/base/random.js';
import { createDropout, fromHost, startEngine, type TensorTree, tf } from '../../src/engine/index.js';
import { createBagBackbone } from '../../src/testing/bagBackbone.js';
import type { NlvrExample, VqaExample } from '../../tasks/examples.js';
import { tasks } from '../../tasks/index.js';
import type { MultiExample } from '../../tasks/multi/members.js';
import { type MultiOptions, mixingShares } from '../../tasks/multi/options.js';
import { multiOf } from '../../tasks/multi.js';
import type { AnyTask, Prediction } from '../../tasks/task.js';
import { processorOf } from '../backbones/opened.js';
import { type Colour, drawPicture, temporaryFolder } from '../data/pictures.js';
import { parityPath } from '../parity/readParity.js';
import { nlvr, vqa } from '../readableTasks.js';
import { describeTask } from './conformance.js';

const folder = temporaryFolder();
const colours = { red: [230, 20, 20], green: [20, 200, 40], blue: [10, 40, 240] } as const;
beforeAll(async () => {
  await startEngine();
  for (const [name, colour] of Object.entries(colours)) {
    await drawPicture(join(folder.path, `${name}.png`), { width: 12, height: 10 }, colour as Colour);
  }
});
afterAll(() => folder.remove());

const multi = multiOf([vqa, nlvr]);
const vqaOptions = { kind: 'vqa', minimumAnswerCount: 1, maximumAnswers: 3129, dropout: 0 };
const pairOptions = { kind: 'nlvr', head: 'paired', dropout: 0 };
const options: MultiOptions = {
  tasks: { questions: vqaOptions, pairs: pairOptions },
  mixing: { kind: 'size' },
  lossWeights: { pairs: 0.5 },
};

const picture = (name: string) => ({ id: name, path: join(folder.path, `${name}.png`) });
const question = (id: string, colour: string, answers: readonly string[] | undefined): MultiExample => {
  const example: VqaExample = {
    id,
    question: 'what color is it',
    picture: picture(colour),
    questionType: 'what color',
    answerType: 'other',
    ...(answers && { answers }),
  };
  return { id: `questions/${id}`, task: 'questions', kind: 'vqa', example };
};
const pair = (id: string, left: string, right: string, label = left === right): MultiExample => {
  const example: NlvrExample = {
    id,
    sentence: 'both are the same',
    left: picture(left),
    right: picture(right),
    label,
  };
  return { id: `pairs/${id}`, task: 'pairs', kind: 'nlvr', example };
};
const ten = (answer: string) => new Array<string>(10).fill(answer);
const questions = Object.keys(colours).map((colour, index) => question(`${index}`, colour, ten(colour)));
const pairs = [pair('t-0-0-0', 'red', 'red'), pair('t-0-1-0', 'red', 'blue')];
const everything = [...questions, ...pairs];

const processor = () =>
  processorOf({
    folder: parityPath('tokenizers', 'bert_wordpiece'),
    config: { model_type: 'visual_bert', visual_embedding_dim: 3 },
    regions: { kind: 'crop-pixels', size: 1 },
    maxTextLength: 16,
  });

const alone: MultiOptions = { ...options, tasks: { questions: vqaOptions }, lossWeights: {} };
describeTask({
  task: multi,
  options: alone,
  examples: async () => questions,
  processor,
  regionWidth: 3,
  // three answers, of which one is right
  chance: { mean: 1 / 3, 'questions.accuracy': 1 / 3 },
  fixtures: [
    {
      name: 'that of its only task',
      predictions: [
        { id: '0', task: 'questions', answer: 'red' },
        { id: '1', task: 'questions', answer: 'grey' },
      ],
      examples: questions.slice(0, 2),
      expected: { mean: 0.5, 'questions.accuracy': 0.5 },
    },
  ],
});

const problemsOf = (work: () => unknown): readonly { where?: string; message: string }[] => {
  try {
    work();
    return [];
  } catch (error) {
    return (error as UsageError).problems as { where?: string; message: string }[];
  }
};

describe('several tasks', () => {
  const state = multi.fit(options, everything);
  const backbone = createBagBackbone(300, 3).shape;

  it('are a task of the list, of all others', () => {
    const listed = tasks.find(({ kind }) => kind === 'multi');
    const { tasks: inner } = listed!.schema.properties as {
      tasks: { additionalProperties: { oneOf: object[] } };
    };
    expect(inner.additionalProperties.oneOf).toHaveLength(tasks.length - 1);
  });

  it('have a state each, and heads by their names', () => {
    expect(state).toEqual({ questions: { answers: ['blue', 'green', 'red'] }, pairs: { pictures: 'apart' } });
    const names = multi.head(options, state, backbone, new Map()).map(({ name }) => name);
    expect(names).toContain('questions.dense.weight');
    expect(names.filter((name) => name.startsWith('pairs.')).length).toBeGreaterThan(1);
    expect(new Set(names).size).toBe(names.length);
  });

  it('are read by their own readers, all problems at once, and each alone', async () => {
    const reader = (name: string, result: readonly object[] | UsageError): AnyTask =>
      ({
        ...vqa,
        kind: name,
        read: async () => {
          if (result instanceof UsageError) throw result;
          return result;
        },
      }) as unknown as AnyTask;
    const broken = new UsageError([{ file: 'a.json', line: 3, message: 'no' }, { message: 'nothing' }]);
    const readers = multiOf([reader('good', [{ id: '7' }]), reader('bad', broken), reader('empty', [])]);
    const given = { a: { kind: 'good' }, b: { kind: 'bad' }, c: { kind: 'empty' } };
    const all = { ...options, tasks: given };
    await expect(readers.read(all, { a: {}, b: {}, c: {} })).rejects.toThrow(
      'a.json:3: no\nb: nothing\nc: there are no examples in its files',
    );
    const [first] = await readers.read(all, { a: {} });
    expect(first).toEqual({ id: 'a/7', task: 'a', kind: 'good', example: { id: '7' } });
    const { grouping } = readers;
    expect(grouping!.alone(all, 'a').tasks).toEqual({ a: { kind: 'good' } });
  });

  it('have batches of one task, which say whose they are', async () => {
    const context = { state, processor: await processor(), random: createRandom(1), training: true };
    const batch = await multi.collate(pairs, context);
    expect(batch['multi.pairs']).toBeDefined();
    expect(batch['target.labels']!.shape).toEqual([2]);
    await expect(multi.collate(everything, context)).rejects.toThrow('a batch of several tasks');
  });

  it('have the loss of the task of the batch, times its weight, and its own outputs', async () => {
    const reader = await processor();
    const bag = createBagBackbone(reader.tokenizer.vocabularySize, 3);
    const context = { state, processor: reader, random: createRandom(1), training: true };
    const used: string[] = [];
    const forward = (batch: TensorTree) =>
      multi.outputs({
        options,
        state,
        backbone: bag.shape,
        encode: (replace) => bag.forward({ ...batch, ...replace }),
        parameters: (name) => {
          used.push(name);
          const spec = multi.head(options, state, bag.shape, new Map()).find((one) => one.name === name)!;
          return tf.fill([...spec.shape], 0.01);
        },
        backboneParameters: () => tf.scalar(0),
        batch,
        dropout: createDropout(),
      });
    const onDevice = (batch: HostBatch): TensorTree =>
      Object.fromEntries(Object.entries(batch).map(([key, host]) => [key, fromHost(host)]));
    for (const [examples, name, weight] of [
      [pairs, 'pairs', 0.5],
      [questions, 'questions', 1],
    ] as const) {
      used.length = 0;
      const batch = onDevice(await multi.collate(examples, context));
      const outputs = forward(batch);
      expect(used.every((parameter) => parameter.startsWith(`${name}.`))).toBe(true);
      const { total, parts } = multi.loss(outputs, batch, options);
      const [weighted] = await total.data();
      const [own] = await parts![name]!.data();
      expect(weighted).toBeCloseTo(weight * own!, 5);
    }
  });

  it('give predictions with their task, under the id of their dataset', async () => {
    const logits = { dtype: 'float32', shape: [2, 2], data: Float32Array.of(0, 2, 3, 0) } as const;
    expect(multi.predict({ logits }, pairs, state, options)).toMatchObject([
      { id: 't-0-0-0', task: 'pairs', label: 'True' },
      { id: 't-0-1-0', task: 'pairs', label: 'False' },
    ]);
  });

  const predictions: Prediction[] = [
    { id: '0', task: 'questions', answer: 'red' },
    { id: '1', task: 'questions', answer: 'red' },
    { id: '2', task: 'questions', answer: 'blue' },
    { id: 't-0-0-0', task: 'pairs', label: 'True' },
    { id: 't-0-1-0', task: 'pairs', label: 'True' },
  ];

  it('have metrics and groups by name, and the mean of those that count', () => {
    const { values, groups, notes } = multi.evaluate(predictions, everything, options);
    expect(values).toMatchObject({ 'questions.accuracy': expect.closeTo(2 / 3, 9), 'pairs.accuracy': 0.5 });
    expect(values.mean).toBeCloseTo((2 / 3 + 1 / 2) / 2, 9);
    expect(Object.keys(groups!)).toEqual(['questions.answerType', 'questions.questionType', 'pairs.label']);
    expect(notes).toBeUndefined();
    expect(Object.keys(multi.evaluate(predictions.slice(3), pairs, options).values)).toEqual([
      'mean',
      'pairs.accuracy',
      'pairs.consistency',
    ]);
  });

  it('measure what has labels, tell what has not, and give no mean then', () => {
    const unlabelled = questions.map(({ example, ...rest }) => ({
      ...rest,
      example: { ...example, answers: undefined } as unknown as VqaExample,
    }));
    const { values, notes } = multi.evaluate(predictions, [...unlabelled, ...pairs], options);
    expect(values).toEqual({ 'pairs.accuracy': 0.5, 'pairs.consistency': expect.any(Number) });
    expect(notes).toEqual([expect.stringContaining('questions data: 3 of 3 questions have no answers')]);
    expect(() => multi.evaluate(predictions, unlabelled, options)).toThrow('3 of 3 questions');
  });

  it('have the baselines of all', () => {
    const { values } = multi.baseline!(everything, everything, state, options);
    expect(values).toMatchObject({ 'questions.accuracy': expect.closeTo(1 / 3, 9), 'pairs.accuracy': 0.5 });
    expect(values.mean).toBeCloseTo((1 / 3 + 1 / 2) / 2, 9);
  });

  it('submit the files of each', () => {
    const files = multi.submission!(predictions, everything);
    expect(files.map(({ name }) => name)).toEqual([
      'questions-vqa_v2_results.json',
      'pairs-nlvr2_predictions.csv',
    ]);
    expect(files[1]!.content).toBe('t-0-0-0,True\nt-0-1-0,True\n');
  });

  it('are asked by name', () => {
    const request = { id: '4', text: 'what is it', pictures: [picture('red')] } as const;
    const ask = (task?: string) => multi.exampleFrom!({ ...request, ...(task && { task }) }, options);
    expect(ask('questions')).toMatchObject({ task: 'questions', example: { question: 'what is it' } });
    expect(() => ask()).toThrow('names no task; "task": one of questions, pairs');
    expect(() => ask('other')).toThrow('there is no task "other"');
    expect(() => ask('pairs')).toThrow('1 picture');
    expect(multi.exampleFrom!(request, alone)).toMatchObject({ task: 'questions' });
  });

  it('infer over a whole split where one of them does', async () => {
    const whole: AnyTask = {
      ...(nlvr as unknown as AnyTask),
      kind: 'whole',
      infer: async ({ examples, run }) => {
        const outputs = await run({}, []);
        return examples.map(({ id }) => ({ id, seen: Object.keys(outputs).join() }));
      },
    };
    const both = multiOf([vqa, whole]);
    const named = { ...options, tasks: { questions: vqaOptions, pairs: { kind: 'whole' } } };
    const context = {
      state,
      options: named,
      backbone,
      batchSize: 4,
      processor: await processor(),
      random: createRandom(1),
      training: false,
      run: async (batch: HostBatch) => batch,
      onProgress: () => {},
    };
    const ofWhole = pairs.map((one) => ({ ...one, kind: 'whole' }));
    expect(await both.infer!({ ...context, examples: ofWhole })).toEqual([
      { id: 't-0-0-0', task: 'pairs', seen: 'multi.pairs' },
      { id: 't-0-1-0', task: 'pairs', seen: 'multi.pairs' },
    ]);
    expect(both.infer!({ ...context, examples: questions })).toBeUndefined();
  });

  it('are checked against the backbone each, weights against their names', () => {
    const wrong = {
      ...options,
      mixing: { kind: 'weights', weights: { questions: 1, other: 2 } },
      lossWeights: { pears: 1 },
    } as const;
    expect(problemsOf(() => multi.check!(wrong, backbone))).toMatchObject([
      { where: '/task/mixing/weights/other', message: 'there is no task "other"' },
      { where: '/task/mixing/weights', message: 'the task "pairs" has no weight' },
      { where: '/task/lossWeights/pears' },
    ]);
    const picky = {
      ...nlvr,
      check: () => {
        throw new UsageError({ where: '/task/head', message: 'not here' });
      },
    };
    expect(problemsOf(() => multiOf([vqa, picky]).check!(options, backbone))).toMatchObject([
      { where: '/task/tasks/pairs/head', message: 'not here' },
    ]);
  });
});

describe('the mixing of tasks', () => {
  const sizes = new Map([
    ['a', 900],
    ['b', 100],
  ]);
  const shares = (mixing: MultiOptions['mixing']) => {
    const found = mixingShares({ mixing }, sizes);
    return found && [found.get('a'), found.get('b')].map((share) => Math.round(share! * 1e6) / 1e6);
  };

  it('by size leaves every example to an epoch', () => expect(shares({ kind: 'size' })).toBeUndefined());

  it('by temperature goes with the root of the sizes (T5, section 3.5.2)', () => {
    expect(shares({ kind: 'temperature', temperature: 1 })).toEqual([0.9, 0.1]);
    expect(shares({ kind: 'temperature', temperature: 2 })).toEqual([0.75, 0.25]);
  });

  it('by weights goes with them', () => {
    expect(shares({ kind: 'weights', weights: { a: 1, b: 3 } })).toEqual([0.25, 0.75]);
  });
});
