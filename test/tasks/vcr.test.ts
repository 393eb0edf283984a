import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.js';
import type { VcrExample } from '../../tasks/examples.js';
import { tasks } from '../../tasks/index.js';
import type { VcrOptions } from '../../tasks/vcr.js';
import { processorOf } from '../backbones/opened.js';
import { drawPicture, temporaryFolder } from '../data/pictures.js';
import { parityPath } from '../parity/readParity.js';
import { vcr } from '../readableTasks.js';
import { describeTask } from './conformance.js';

const folder = temporaryFolder();
const colours = { red: [230, 20, 20], blue: [10, 40, 240] } as const;
beforeAll(async () => {
  for (const [name, colour] of Object.entries(colours))
    await drawPicture(join(folder.path, `${name}.png`), { width: 12, height: 10 }, colour);
});
afterAll(() => folder.remove());

const processor = () =>
  processorOf({
    folder: parityPath('tokenizers', 'bert_wordpiece'),
    config: { model_type: 'visual_bert', visual_embedding_dim: 3 },
    regions: { kind: 'crop-pixels', size: 1 },
    maxTextLength: 40,
  });

const plain = (text: string) => ({ text, spans: [] });
const sentences = ['a cat', 'the dog is there', 'it is red', 'no'];

/** The right answer is always the cat, the right reason always the dog, wherever they stand. */
function example(id: string, colour: keyof typeof colours, shift: number): VcrExample {
  const turned = sentences.map((_, at) => sentences[(at + shift) % 4]!);
  return {
    id,
    picture: {
      id: colour,
      path: join(folder.path, `${colour}.png`),
      boxes: [
        [0, 0, 5, 5],
        [5, 0, 12, 10],
      ],
    },
    question: { text: 'what is thing 1', spans: [{ start: 8, end: 15, box: 1 }] },
    answers: turned.map(plain),
    rationales: turned.map(plain),
    answerLabel: turned.indexOf(sentences[0]!),
    rationaleLabel: turned.indexOf(sentences[1]!),
  };
}
const examples = [example('1', 'red', 0), example('2', 'blue', 1), example('3', 'red', 3)];
const options = (changes: Partial<VcrOptions> = {}): VcrOptions => ({
  subtask: 'both',
  dropout: 0.1,
  submission: false,
  ...changes,
});

for (const subtask of ['both', 'answer', 'rationale'] as const) {
  describeTask({
    task: vcr,
    options: options({ subtask }),
    examples: async () => examples,
    processor,
    regionWidth: 3,
    fixtures: [],
    chance: subtask === 'both' ? { answer: 1 / 4, rationale: 1 / 4, accuracy: 1 / 16 } : { accuracy: 1 / 4 },
  });
}

describe('vcr', () => {
  it('is in the list of tasks', () => expect(tasks.map(({ kind }) => kind)).toContain(vcr.kind));

  const collate = async (changes: Partial<VcrOptions>, training: boolean, some = examples) =>
    vcr.collate(some, {
      state: vcr.fit(options(changes), examples),
      processor: await processor(),
      random: createRandom(1),
      training,
    });

  it('has four sequences a question and subtask, and ties the words that name a region to it', async () => {
    const batch = await collate({}, true);
    expect(batch.inputIds!.shape[0]).toBe(12);
    expect(batch['rationale.inputIds']!.shape[0]).toBe(12);
    const { shape, data } = batch.imageTextAlignment!;
    expect(shape.slice(0, 2)).toEqual(batch.regionMask!.shape);
    // [CLS] what is thing 1 [SEP]: "thing 1" are the tokens 3 and on; regions are the picture, box 0 and box 1
    const depth = shape[2]!;
    const region = (at: number) => [...data.subarray(at * depth, (at + 1) * depth)];
    expect(region(0)).toEqual(new Array(depth).fill(-1));
    expect(region(1)).toEqual(new Array(depth).fill(-1));
    expect(region(2)[0]).toBe(3);
  });

  it('judges the reasons for every answer where a submission is asked for', async () => {
    const batch = await collate({ submission: true }, false);
    expect(batch['rationale.inputIds']!.shape[0]).toBe(48);
    expect([...batch.rationaleGiven!.data]).toEqual([1, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0]);
    const four = (at: number) => Array.from({ length: 4 }, (_, i) => (i === at ? 5 : 0));
    const tensor = (rows: number[][]) =>
      ({ dtype: 'float32', shape: [1, rows.flat().length], data: Float32Array.from(rows.flat()) }) as const;
    const outputs = {
      answerLogits: tensor([four(0)]),
      rationaleLogits: tensor([four(1), four(2), four(3), four(0)]),
    };
    const predictions = vcr.predict(
      outputs,
      examples.slice(0, 1),
      { subtask: 'both', submission: true },
      options(),
    );
    expect(predictions[0]).toMatchObject({ answer: 0, rationale: 1 });
    const [file] = vcr.submission!(predictions, examples);
    const [header, row] = file!.content.split('\n');
    expect(header!.split(',')).toHaveLength(21);
    expect(header).toMatch(/^annot_id,answer_0,.*,rationale_conditioned_on_a3_3$/);
    expect(row!.split(',').map(Number).slice(1, 5)[0]).toBeGreaterThan(0.9);
    expect(
      vcr.submission!(
        predictions.map(({ rationaleScores: _, ...rest }) => rest),
        examples,
      ),
    ).toEqual([]);
  });

  it('predicts answers of a test set without labels', async () => {
    const hidden = examples.map(({ answerLabel: _a, rationaleLabel: _r, ...rest }) => rest);
    const batch = await collate({}, false, hidden);
    expect(Object.keys(batch).filter((name) => /^(target|rationale)\./.test(name))).toEqual([]);
    expect(() => vcr.evaluate([], hidden, options())).toThrow('3 of 3 questions have no labels');
  });

  it('takes four choices about one picture to predict', () => {
    const picture = { id: 'p', path: 'p.png' };
    expect(
      vcr.exampleFrom!({ id: '1', text: 'what', pictures: [picture], choices: sentences }).answers,
    ).toHaveLength(4);
    expect(() => vcr.exampleFrom!({ id: '1', text: 'what', pictures: [picture] })).toThrow(
      /0 choices; one picture and four/,
    );
  });
});
