import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../../src/base/random.js';
import { startEngine, tf } from '../../src/engine/index.js';
import { regionBinaryCrossEntropy, regionCrossEntropy } from '../../src/objectives/regionChoice.js';
import type { GroundingExample } from '../../tasks/examples.js';
import type { GroundingOptions } from '../../tasks/grounding.js';
import { tasks } from '../../tasks/index.js';
import type { Corners } from '../../tasks/metrics/boxOverlap.js';
import { processorOf } from '../backbones/opened.js';
import { temporaryFolder } from '../data/pictures.js';
import { parityPath, readJson } from '../parity/readParity.js';
import { grounding } from '../readableTasks.js';
import { describeTask } from './conformance.js';

const folder = temporaryFolder();
const SIZE = { width: 12, height: 10 };
beforeAll(async () => {
  await startEngine();
  const [red, blue] = [
    [230, 20, 20],
    [10, 40, 240],
  ] as const;
  const row = [...new Array(6).fill(red), ...new Array(6).fill(blue)].flat();
  const pixels = Buffer.from(new Array(10).fill(row).flat());
  await sharp(pixels, { raw: { ...SIZE, channels: 3 } }).toFile(join(folder.path, 'halves.png'));
});
afterAll(() => folder.remove());

const processor = () =>
  processorOf({
    folder: parityPath('tokenizers', 'bert_wordpiece'),
    config: { model_type: 'visual_bert', visual_embedding_dim: 3 },
    regions: { kind: 'crop-pixels', size: 1 },
    maxTextLength: 16,
  });

/** The picture's left half is red, its right half blue. */
const example = (
  id: string,
  expression: string,
  boxes: readonly Corners[],
  truth: number,
): GroundingExample => ({
  id,
  expression,
  picture: { id, path: join(folder.path, 'halves.png'), boxes, ...SIZE },
  truth: boxes[truth]!,
});

interface Golden {
  readonly truth: readonly Corners[];
  readonly predicted: readonly Corners[];
  readonly expected: { readonly accuracy_at_0_5: number };
}
const golden = readJson<Golden>('metrics', 'refcoco.json');
const xywh = ([a, b, c, d]: Corners) => [a, b, c - a, d - b];

const red: Corners = [0, 0, 6, 10];
const blue: Corners = [6, 0, 12, 10];
for (const loss of ['cross-entropy', 'binary'] as const) {
  describeTask<GroundingOptions, GroundingExample, { loss: GroundingOptions['loss'] }>({
    task: grounding,
    options: { loss, dropout: 0.1 },
    examples: async () =>
      ['the red thing', 'it', 'the red thing to the left of the blue thing'].map((text, i) =>
        example(String(i), text, i === 2 ? [[7, 0, 12, 9], blue, red] : [red, blue], i === 2 ? 2 : 0),
      ),
    processor,
    regionWidth: 3,
    chance: { accuracy: (1 / 2 + 1 / 2 + 1 / 3) / 3, upperBound: 1 },
    fixtures: [
      {
        name: 'pairs of boxes judged by the reference',
        predictions: golden.predicted.map((box, i) => ({ id: `${i}`, box: xywh(box) })),
        examples: golden.truth.map((truth, i) => ({
          id: `${i}`,
          expression: 'it',
          picture: { id: `${i}`, path: '', width: 200, height: 200, boxes: [truth] },
          truth,
        })),
        expected: { accuracy: golden.expected.accuracy_at_0_5 },
      },
    ],
  });
}

describe('grounding', () => {
  it('is in the list of tasks', () => expect(tasks.map(({ kind }) => kind)).toContain(grounding.kind));

  const boxes: readonly Corners[] = [
    [0, 0, 6, 10],
    [6, 0, 12, 10],
    [0, 0, 7, 10],
  ];
  const collate = async (loss: GroundingOptions['loss']) => {
    const context = {
      state: { loss },
      processor: await processor(),
      random: createRandom(1),
      training: true,
    };
    return grounding.collate([example('a', 'it', boxes, 0)], context);
  };

  it('takes the best region as right, or every one that overlaps by more than half; never the whole picture', async () => {
    // the whole picture overlaps by exactly one half, the third box by 6/7
    expect([...(await collate('cross-entropy'))['target.regions']!.data]).toEqual([0, 1, 0, 0]);
    expect([...(await collate('binary'))['target.regions']!.data]).toEqual([0, 1, 0, 1]);
  });

  it('refuses a picture without boxes by name', async () => {
    const context = {
      state: { loss: 'binary' } as const,
      processor: await processor(),
      random: createRandom(1),
      training: true,
    };
    await expect(grounding.collate([example('lonely', 'it', [], 0)], context)).rejects.toThrow(
      'example lonely: its picture has no boxes to choose from',
    );
  });

  it('names the box in pixels, as COCO writes it, with probabilities of the candidates', () => {
    const scores = {
      dtype: 'float32',
      shape: [1, 3],
      data: Float32Array.from([-1e9, 0, Math.log(3)]),
    } as const;
    const relative = [0, 0, 1, 1, 1, 1, 1, 0, 0, 0.5, 1, 0.5, 1, 0.5, 0.5, 0, 1, 1, 0.5, 1, 0.5];
    const regions = { dtype: 'float32', shape: [1, 3, 7], data: Float32Array.from(relative) } as const;
    const options = { loss: 'cross-entropy', dropout: 0 } as const;
    const [prediction] = grounding.predict(
      { scores, boxes: regions },
      [example('a', 'it', boxes, 0)],
      { loss: 'cross-entropy' },
      options,
    );
    expect(prediction).toMatchObject({ id: 'a', box: [6, 0, 6, 10], top: [{}, { box: [0, 0, 6, 10] }] });
    expect(prediction!.score).toBeCloseTo(0.75, 6);
  });

  it('is held against the best blind guess of the training set', () => {
    const list = [example('a', 'it', boxes, 2), example('b', 'it', boxes, 2), example('c', 'it', boxes, 1)];
    const options = { loss: 'cross-entropy', dropout: 0 } as const;
    const { values } = grounding.baseline!(list, list, { loss: 'cross-entropy' }, options);
    expect(values).toEqual({ accuracy: 2 / 3, upperBound: 1 }); // the largest box
  });

  it('needs boxes and one picture to predict', () => {
    const picture = { id: 'p', path: 'p.png', ...SIZE, boxes };
    expect(grounding.exampleFrom!({ id: '1', text: 'it', pictures: [picture] })).toMatchObject({
      expression: 'it',
    });
    expect(() => grounding.exampleFrom!({ id: '1', text: 'it', pictures: [picture, picture] })).toThrow(
      /2 pictures/,
    );
    expect(() => grounding.exampleFrom!({ id: '1', text: 'it', pictures: [{ id: 'p', path: 'p' }] })).toThrow(
      /no boxes/,
    );
  });
});

describe('losses over regions', () => {
  const scores = [0.3, -0.2, 1.1];
  it('are the cross entropy and the binary one of their definitions, padding left out', () => {
    const tensors = (values: number[]) => tf.tensor2d(values, [1, 4]);
    const [s, mask, target] = [tensors([...scores, 9]), tensors([1, 1, 1, 0]), tensors([0, 0, 1, 0])];
    const exp = scores.map(Math.exp);
    const expected = -Math.log(exp[2]! / exp.reduce((sum, value) => sum + value));
    expect(regionCrossEntropy(s, mask, target).dataSync()[0]).toBeCloseTo(expected, 5);
    const binary = scores.map((score, i) => Math.log(1 + Math.exp(i === 2 ? -score : score)));
    const mean = binary.reduce((sum, value) => sum + value) / 3;
    expect(regionBinaryCrossEntropy(s, mask, target).dataSync()[0]).toBeCloseTo(mean, 5);
  });
});
