import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackboneOutput, BackboneShape } from '../../src/backbones/backbone.js';
import { firstState } from '../../src/backbones/parts/states.js';
import { patchStream } from '../../src/backbones/patchStream/model.js';
import { UsageError } from '../../src/base/errors.js';
import { float32 } from '../../src/base/hostTensor.js';
import { createRandom } from '../../src/base/random.js';
import { fromHost, noDropout, startEngine, type Tensor, tf } from '../../src/engine/index.js';
import type { NlvrExample } from '../../tasks/examples.js';
import { pairHead, pairHeads } from '../../tasks/heads/nlvr/index.js';
import { tasks } from '../../tasks/index.js';
import type { NlvrOptions } from '../../tasks/nlvr.js';
import { processorOf } from '../backbones/opened.js';
import { type Colour, drawPicture, temporaryFolder } from '../data/pictures.js';
import { expectClose, parityPath, readCase, readJson } from '../parity/readParity.js';
import { nlvr } from '../readableTasks.js';
import { describeTask } from './conformance.js';

const folder = temporaryFolder();
const colours = { red: [230, 20, 20], green: [20, 200, 40], blue: [10, 40, 240] } as const;
const optionsOf = (head: string): NlvrOptions => ({ head, dropout: 0.1 });
const options = optionsOf('paired');

const pictureOf = (colour: string) => ({
  id: colour,
  path: join(folder.path, `${colour}.png`),
  boxes: colour === 'red' ? [[0, 0, 5, 5] as const] : [],
});
const example = (id: string, sentence: string, left: string, right: string, label: boolean): NlvrExample => ({
  id,
  sentence,
  left: pictureOf(left),
  right: pictureOf(right),
  label,
});

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
  readonly examples: readonly { identifier: string; label: string; prediction: string }[];
  readonly expected: { accuracy: number; consistency: number };
}
const golden = readJson<Golden>('metrics', 'nlvr2.json');
const capitalized = (text: string) => `${text[0]!.toUpperCase()}${text.slice(1).toLowerCase()}`;

for (const { name } of pairHeads) {
  describe(name, () => {
    describeTask({
      task: nlvr,
      options: optionsOf(name),
      examples: async () => [
        example('dev-0-0-0', 'a dog', 'red', 'green', true),
        example('dev-0-1-0', 'a dog', 'green', 'blue', false),
        example('dev-0-2-0', 'a dog', 'red', 'blue', true),
        example('dev-1-0-0', 'is the picture as red as a cat', 'green', 'blue', true),
        example('dev-1-1-0', 'is the picture as red as a cat', 'red', 'green', false),
        example('dev-1-2-0', 'is the picture as red as a cat', 'red', 'blue', false),
      ],
      processor,
      regionWidth: 3,
      // three pairs for each of the two sentences
      chance: { accuracy: 1 / 2, consistency: 1 / 8 },
      fixtures: [
        {
          name: 'accuracy and consistency of the reference',
          predictions: golden.examples.map(({ identifier, prediction }) => ({
            id: identifier,
            label: capitalized(prediction),
          })),
          examples: golden.examples.map(({ identifier, label }) =>
            example(identifier, 'a dog', 'red', 'red', capitalized(label) === 'True'),
          ),
          expected: { accuracy: golden.expected.accuracy, consistency: golden.expected.consistency },
        },
      ],
    });
  });
}

describe('nlvr', () => {
  const context = async (head = 'paired') => ({
    state: nlvr.fit(optionsOf(head), []),
    processor: await processor(),
    random: createRandom(1),
    training: true,
  });
  const two = [
    example('dev-0-0-0', 'a dog', 'red', 'green', true),
    example('dev-0-1-0', 'a dog', 'blue', 'red', false),
  ];

  it('is in the list of tasks', () => expect(tasks.map(({ kind }) => kind)).toContain(nlvr.kind));

  it('reads the left pictures first and then the right ones, or both in one sequence as segments 0 and 1', async () => {
    const apart = await nlvr.collate(two, await context());
    expect(apart.inputIds!.shape[0]).toBe(4);
    expect([...apart['target.labels']!.data]).toEqual([1, 0]);
    const firstRegion = (row: number) =>
      [...apart.regionFeatures!.data].slice(row * apart.regionFeatures!.shape[1]! * 3).slice(0, 3);
    expect(firstRegion(0)).toEqual(firstRegion(3));
    expect(firstRegion(0)).not.toEqual(firstRegion(1));
    const together = await nlvr.collate(two, await context('one-sequence'));
    expect(together.inputIds!.shape[0]).toBe(2);
    expect(new Set(together.regionTypeIds!.data)).toEqual(new Set([0, 1]));
  });

  it('says which of the two pictures a sequence shows, for backbones that tell them apart', async () => {
    const plain = await context();
    const types: (1 | 2 | undefined)[] = [];
    const encode: typeof plain.processor.encode = (input) => {
      types.push(input.pictureType);
      return plain.processor.encode(input);
    };
    await nlvr.collate(two, { ...plain, processor: { ...plain.processor, encode } });
    expect(types).toEqual([1, 1, 2, 2]);
  });

  it('predicts a label and its probability, and writes the official lines', () => {
    const logits = float32([2, 2], Float32Array.from([0, Math.log(3), 2, 2 - Math.log(9)]));
    const predictions = nlvr.predict({ logits }, two, { pictures: 'apart' }, options);
    expect(predictions).toEqual([
      { id: 'dev-0-0-0', label: 'True', score: expect.closeTo(0.75, 6) },
      { id: 'dev-0-1-0', label: 'False', score: expect.closeTo(0.9, 6) },
    ]);
    expect(nlvr.submission!(predictions, two)).toEqual([
      { name: 'nlvr2_predictions.csv', content: 'dev-0-0-0,True\ndev-0-1-0,False\n' },
    ]);
    expect(nlvr.evaluate(predictions, two, options).groups!.label).toEqual({
      False: { value: 1, count: 1 },
      True: { value: 1, count: 1 },
    });
  });

  it('has the majority label as baseline', () => {
    const more = [...two, example('dev-0-2-0', 'a dog', 'red', 'red', false)];
    const report = nlvr.baseline!(more, two, { pictures: 'apart' }, options);
    expect(report.values).toEqual({ accuracy: 0.5, consistency: 0 });
  });

  it('refuses sentences without label where labels are needed, and predicts without', async () => {
    const { label: _, ...unlabelled } = two[0]!;
    expect(() => nlvr.fit(options, [unlabelled])).toThrow('1 of 1 sentences has no label');
    expect(() => nlvr.evaluate([], [unlabelled], options)).toThrow(UsageError);
    expect(Object.keys(await nlvr.collate([unlabelled], await context()))).not.toContain('target.labels');
  });

  it('is asked with two pictures', () => {
    const [left, right] = [pictureOf('red'), pictureOf('blue')];
    const asked = nlvr.exampleFrom!({ id: 'mine', text: 'A dog.', pictures: [left, right] });
    expect(asked).toEqual({ id: 'mine', sentence: 'A dog.', left, right });
    expect(() => nlvr.exampleFrom!({ id: 'mine', text: 'A dog.', pictures: [left] })).toThrow(
      'input mine: a sentence about 1 picture; two: the left and the right one',
    );
    expect(() => nlvr.exampleFrom!({ id: 'mine', text: 'A dog.', pictures: [left, right, left] })).toThrow(
      '3 pictures',
    );
  });
});

/** Parameters of a head, all alike. */
function _parametersOf(head: string, shape: BackboneShape) {
  const specs = pairHead(head).parameters(shape, new Map());
  const tensors = new Map(specs.map((spec) => [spec.name, tf.fill([...spec.shape], 0.1)]));
  return (name: string) => tensors.get(name)!;
}

const streamOf = (name: 'fused' | 'text' | 'picture') => ({
  name,
  hiddenSize: 4,
  layers: 1,
  heads: 2,
  intermediateSize: 4,
  pooledSize: 4,
  inputs: [],
  masks: [],
});
const shapeOf = (kind: 'regions' | 'towers' | 'patches'): BackboneShape => ({
  family: kind,
  streams: kind === 'towers' ? [streamOf('text'), streamOf('picture')] : [streamOf('fused')],
  sites: [],
  layerPlaces: [],
  taps: [],
  parameters: [],
  heads: kind === 'patches' ? patchStream.open({ model_type: 'vilt' }).shape.heads : {},
  ...(kind === 'regions' && { regions: { featureWidth: 3 } }),
});

describe('heads for two pictures', () => {
  beforeAll(() => startEngine());

  it('refuse backbones that they cannot read, and take all others', () => {
    const refused = (head: string, kind: Parameters<typeof shapeOf>[0]) => {
      try {
        nlvr.check!(optionsOf(head), shapeOf(kind));
        return false;
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
        return true;
      }
    };
    const kinds = ['regions', 'patches', 'towers'] as const;
    expect(kinds.map((kind) => refused('paired', kind))).toEqual([false, false, false]);
    expect(kinds.map((kind) => refused('paired-attention', kind))).toEqual([false, false, true]);
    expect(kinds.map((kind) => refused('one-sequence', kind))).toEqual([false, true, true]);
    expect(() => nlvr.check!(optionsOf('one-sequence'), shapeOf('patches'))).toThrow(/^\/task\/head: /);
    expect(() => nlvr.check!(optionsOf('paired-attention'), shapeOf('towers'))).toThrow(/^\/task\/head: /);
  });

  it('of ViLT folders starts as the published one and gives its scores', () => {
    const { tensors, outputs, case: known } = readCase('ViltForImagesAndTextClassification');
    const shape = { ...shapeOf('patches'), streams: [{ ...streamOf('fused'), pooledSize: 32 }] };
    const head = pairHead('paired');
    const specs = head.parameters(shape, tensors);
    const values = new Map(
      specs.map(({ name, initializer }) => {
        if (initializer.kind !== 'copy') throw new Error(`${name} is not copied`);
        return [name, fromHost(tensors.get(initializer.parameter)!)];
      }),
    );
    const first = (side: number) => firstState(fromHost(outputs.get(`hidden_states.${side}.2`)!));
    const pooled = tf.concat([0, 1].map((side) => vilt.pooled(tensors, first(side))));
    const logits = head.logits({ fused: { pooled } } as BackboneOutput, {
      backbone: shape,
      parameters: (name) => values.get(name)!,
      dropout: noDropout,
      dropoutRate: 0,
    });
    expectClose(logits.dataSync(), outputs.get('logits')!.data, known.tolerance);
  });

  it('start anew where the folder has a head of another shape', () => {
    const checkpoint = new Map([['classifier.0.weight', float32([8, 4])]]);
    const specs = pairHead('paired').parameters(shapeOf('patches'), checkpoint);
    expect(specs.map(({ name, shape, initializer: { kind } }) => [name, shape, kind])).toEqual([
      ['dense.weight', [8, 8], 'normal'],
      ['dense.bias', [8], 'constant'],
      ['norm.weight', [8], 'constant'],
      ['norm.bias', [8], 'constant'],
      ['output.weight', [2, 8], 'normal'],
      ['output.bias', [2], 'constant'],
    ]);
  });

  it('paired-attention gives what its formula gives, position by position', async () => {
    const shape = shapeOf('regions');
    const head = pairHead('paired-attention');
    const random = createRandom('paired-attention');
    const draw = (shape: readonly number[]) => {
      const size = shape.reduce((a, b) => a * b, 1);
      return tf.tensor(
        Array.from({ length: size }, () => random.normal()),
        [...shape],
      );
    };
    const values = new Map(head.parameters(shape, new Map()).map(({ name, shape }) => [name, draw(shape)]));
    const hidden = draw([2, 3, 4]);
    const mask = tf.tensor2d([
      [1, 1, 0],
      [1, 1, 1],
    ]);
    const logits = head.logits({ fused: { hidden, mask } } as BackboneOutput, {
      backbone: shape,
      parameters: (name) => values.get(name)!,
      dropout: noDropout,
      dropoutRate: 0,
    });
    const rows = (await hidden.array()) as number[][][];
    const expected = plainPairedAttention(rows[0]!.slice(0, 2), rows[1]!, plainOf(values));
    expectClose(logits.dataSync(), expected, 1e-4);
  });
});

/** The pooler of a ViLT file. */
const vilt = {
  pooled(tensors: ReadonlyMap<string, { shape: readonly number[]; data: ArrayLike<number> }>, first: Tensor) {
    const of = (name: string) => fromHost(tensors.get(`vilt.${name}`) as never);
    const weight = of('pooler.dense.weight');
    const normed = layerNormOf(first, of('layernorm.weight'), of('layernorm.bias'));
    return tf.tanh(
      tf.add(tf.matMul(normed as never, weight as never, false, true) as Tensor, of('pooler.dense.bias')),
    );
  },
};

function layerNormOf(x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  return tf.add(tf.mul(tf.div(tf.sub(x, mean), tf.sqrt(tf.add(variance, 1e-12))), weight), bias);
}

type Matrix = readonly (readonly number[])[];
type Layers = (name: string) => { weight: Matrix; bias: readonly number[] };

const plainOf =
  (values: ReadonlyMap<string, Tensor>): Layers =>
  (name) => ({
    weight: values.get(`${name}.weight`)!.arraySync() as number[][],
    bias: values.get(`${name}.bias`)!.arraySync() as number[],
  });

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
const weighted = (weights: readonly number[], rows: Matrix) =>
  rows[0]!.map((_, i) => rows.reduce((sum, row, j) => sum + weights[j]! * row[i]!, 0));
const softmax = (x: readonly number[]) => {
  const e = x.map(Math.exp);
  const sum = e.reduce((a, b) => a + b);
  return e.map((value) => value / sum);
};

/** UNITER's pair-biattn on plain numbers: two heads of width 2. */
function plainPairedAttention(left: Matrix, right: Matrix, layers: Layers): number[] {
  const apply = (name: string, x: readonly number[]) => {
    const { weight, bias } = layers(name);
    return weight.map((row, i) => dot(row, x) + bias[i]!);
  };
  const look = (name: string, from: Matrix, to: Matrix) =>
    from.map((x) => {
      const query = apply(`${name}.query`, x);
      const heads = [0, 2].flatMap((start) => {
        const part = (v: readonly number[]) => v.slice(start, start + 2);
        const scores = to.map((y) => dot(part(query), part(apply(`${name}.key`, y))) / Math.sqrt(2));
        return weighted(
          softmax(scores),
          to.map((y) => part(apply(`${name}.value`, y))),
        );
      });
      const joined = apply('join', [...apply(`${name}.output`, heads), ...x]);
      return joined.map((value) => Math.max(0, value));
    });
  const pool = (rows: Matrix) =>
    weighted(softmax(rows.map((row) => Math.max(0, apply('pool', row)[0]!))), rows);
  return apply('output', [...pool(look('fromLeft', left, right)), ...pool(look('fromRight', right, left))]);
}
