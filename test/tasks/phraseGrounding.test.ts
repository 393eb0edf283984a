import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { float32, int32 } from '../../src/base/hostTensor.js';
import { createRandom } from '../../src/base/random.js';
import { writeSafetensors } from '../../src/checkpoints/safetensors.js';
import { startEngine } from '../../src/engine/index.js';
import { createBagBackbone } from '../../src/testing/bagBackbone.js';
import type { PhraseGroundingExample } from '../../tasks/examples.js';
import { tasks } from '../../tasks/index.js';
import type { Corners } from '../../tasks/metrics/boxOverlap.js';
import { type BoxProtocol, rightBoxes, rightRank } from '../../tasks/metrics/flickr30kEntities.js';
import { readMarks } from '../../tasks/phraseGrounding/markedSentence.js';
import type { PhraseGroundingOptions, PhraseGroundingState } from '../../tasks/phraseGrounding/options.js';
import { processorOf } from '../backbones/opened.js';
import { temporaryFolder } from '../data/pictures.js';
import { parityPath, readCase, readJson } from '../parity/readParity.js';
import { phraseGrounding } from '../readableTasks.js';
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

const processor = (maxTextLength = 24) =>
  processorOf({
    folder: parityPath('tokenizers', 'bert_wordpiece'),
    config: { model_type: 'visual_bert', visual_embedding_dim: 3 },
    regions: { kind: 'crop-pixels', size: 1 },
    maxTextLength,
  });

const red: Corners = [0, 0, 6, 10];
const blue: Corners = [6, 0, 12, 10];
const boxesOf: Readonly<Record<string, readonly Corners[]>> = { '1': [red], '2': [blue], '3': [red, blue] };

/** A caption about the picture whose left half is red and right half blue; chain 3 means both. */
function example(
  id: string,
  marked: string,
  boxes: readonly Corners[] = [red, blue],
): PhraseGroundingExample {
  const sentence = readMarks(marked);
  if (!('phrases' in sentence)) throw new Error(sentence.message);
  return {
    id,
    sentence: sentence.text,
    phrases: sentence.phrases.map((phrase) => ({ ...phrase, truth: boxesOf[phrase.chain!]! })),
    picture: { id, path: join(folder.path, 'halves.png'), boxes, ...SIZE },
    caption: 0,
  };
}

interface Golden {
  readonly phrases: readonly { readonly truth: readonly Corners[]; readonly ranked: readonly Corners[] }[];
  readonly expected: Readonly<Record<BoxProtocol, Readonly<Record<string, number>>>>;
}
const golden = readJson<Golden>('metrics', 'flickr30k.json');

for (const protocol of ['any', 'merged'] as const) {
  const { r1, r5, r10, upper_bound } = golden.expected[protocol];
  describeTask<PhraseGroundingOptions, PhraseGroundingExample, PhraseGroundingState>({
    task: phraseGrounding,
    options: { protocol },
    examples: async () => [
      example('0', '[/EN#1/people the red] is left of [/EN#2/other the blue] .'),
      example('1', '[/EN#2/other blue]', [blue, red]),
      example('2', 'there is [/EN#1/people/other a large thing that is red]', [[7, 1, 12, 9], red, blue]),
    ],
    processor,
    regionWidth: 3,
    chance: { recall1: (1 / 2 + 1 / 2 + 1 / 2 + 1 / 3) / 4, recall5: 1, upperBound: 1 },
    fixtures: [
      {
        name: 'ranked boxes judged by the reference',
        predictions: [
          {
            id: 'all',
            phrases: golden.phrases.map(({ truth, ranked }) => ({
              rank: rightRank(ranked, rightBoxes(truth, protocol)) ?? null,
            })),
          },
        ],
        examples: [
          {
            ...example('all', 'it'),
            phrases: golden.phrases.map(({ truth }) => ({ text: 'it', start: 0, end: 2, types: [], truth })),
          },
        ],
        expected: { recall1: r1!, recall5: r5!, recall10: r10!, upperBound: upper_bound! },
      },
    ],
  });
}

describe('phrase grounding', () => {
  it('is in the list of tasks', () => expect(tasks.map(({ kind }) => kind)).toContain(phraseGrounding.kind));

  const collate = async (
    examples: readonly PhraseGroundingExample[],
    { protocol = 'any', maxTextLength = 24 }: { protocol?: BoxProtocol; maxTextLength?: number } = {},
  ) =>
    phraseGrounding.collate(examples, {
      state: { protocol },
      processor: await processor(maxTextLength),
      random: createRandom(1),
      training: true,
    });

  it('asks for all phrases of a caption in one sequence, each at its last subword', async () => {
    const batch = await collate([
      example('a', '[/EN#1/people the red] , [/EN#3/other a dog and]'),
      example('b', '[/EN#2/other it]'),
    ]);
    expect(batch.inputIds!.shape[0]).toBe(2);
    // [CLS] the red , a dog an ##d [SEP]
    expect([...batch.phrasePositions!.data]).toEqual([2, 7, -1, -1, 1, -1, -1, -1]);
  });

  it('shares the target evenly among the candidates that overlap, the whole picture left out', async () => {
    const boxes: readonly Corners[] = [red, [0, 0, 7, 10], blue, [0, 0, 2, 10]];
    const some = [example('a', '[/EN#1/people red] [/EN#3/other all]', boxes)];
    const rows = async (protocol: BoxProtocol) => {
      const { shape, data } = (await collate(some, { protocol }))['target.regions']!;
      expect(shape).toEqual([1, 4, 5]);
      return [0, 1, 2].map((row) =>
        [...data.subarray(5 * row, 5 * row + 5)].map((x) => Number(x.toFixed(4))),
      );
    };
    // regions: the whole picture, then the boxes
    expect(await rows('any')).toEqual([
      [0, 0.5, 0.5, 0, 0],
      [0, 0.3333, 0.3333, 0.3333, 0],
      [0, 0, 0, 0, 0],
    ]);
    // merged, the second phrase is the whole picture, of which both halves cover exactly a half
    expect((await rows('merged'))[1]).toEqual([0, 0.3333, 0.3333, 0.3333, 0]);
  });

  it('misses phrases that were cut off, and gives them no box', async () => {
    const some = [example('a', '[/EN#1/people the red] is left of [/EN#2/other the blue]')];
    const batch = await collate(some, { maxTextLength: 6 });
    expect([...batch.phrasePositions!.data]).toEqual([2, -1, -1, -1]);
    expect([...batch['target.regions']!.data.subarray(3, 6)]).toEqual([0, 0, 0]);
    const outputs = {
      scores: float32([1, 4, 3], Float32Array.of(-1e9, 2, 1, -1e9, 0, 0, -1e9, 0, 0, -1e9, 0, 0)),
      boxes: batch.regionBoxes!,
      positions: batch.phrasePositions!,
    };
    const options = { protocol: 'any' } as const;
    const predictions = phraseGrounding.predict(outputs, some, options, options);
    expect(predictions[0]!.phrases).toMatchObject([
      { box: [0, 0, 6, 10], rank: 0 },
      { box: null, rank: null, top: [] },
    ]);
    const { values } = phraseGrounding.evaluate(predictions, some, options);
    expect(values).toMatchObject({ recall1: 0.5, upperBound: 0.5 });
  });

  it('names ten boxes of each phrase in pixels, with probabilities, and the rank of the first right one', () => {
    const boxes = Array.from({ length: 12 }, (_, i): Corners => (i === 11 ? red : [i, 0, i + 1, 1]));
    const relative = boxes.flatMap(([x1, y1, x2, y2]) => [x1 / 12, y1 / 10, x2 / 12, y2 / 10, 0, 0, 0]);
    const scores = float32(
      [1, 4, 12],
      Float32Array.from({ length: 48 }, (_, i) => -(i % 12)),
    );
    const some = [example('a', '[/EN#1/people/other the red]', boxes)];
    const options = { protocol: 'any' } as const;
    const outputs = {
      scores,
      boxes: float32([1, 12, 7], Float32Array.from(relative)),
      positions: int32([1, 4], Int32Array.of(2, -1, -1, -1)),
    };
    const [prediction] = phraseGrounding.predict(outputs, some, options, options);
    const [phrase] = prediction!.phrases as unknown as [{ top: { score: number }[]; score: number }];
    expect(phrase).toMatchObject({
      phrase: 'the red',
      chain: '1',
      types: ['people', 'other'],
      box: [0, 0, 1, 1],
      rank: 11,
    });
    expect(phrase.top).toHaveLength(10);
    expect(phrase.score).toBeCloseTo((1 - Math.exp(-1)) / (1 - Math.exp(-12)), 6);
    const { values, groups } = phraseGrounding.evaluate([prediction!], some, options);
    expect(values).toEqual({ recall1: 0, recall5: 0, recall10: 0, upperBound: 1 });
    expect(groups!.type).toEqual({ other: { value: 0, count: 1 }, people: { value: 0, count: 1 } });
    const [file] = phraseGrounding.submission!([prediction!], some);
    expect(file!.name).toBe('flickr30k_entities_predictions.json');
    expect(JSON.parse(file!.content)).toEqual([
      {
        image_id: 'a',
        sentence: 0,
        first_word_index: 0,
        phrase: 'the red',
        phrase_id: '1',
        bbox: [0, 0, 1, 1],
      },
    ]);
  });

  it('is held against the best blind order of the training set', () => {
    const large: Corners = [0, 0, 12, 10];
    const list = [
      example('a', '[/EN#1/people red] [/EN#2/other blue]', [large, blue, red]),
      example('b', '[/EN#2/other blue]', [red, large, blue]),
    ];
    // the largest box overlaps each half by exactly a half
    const { values } = phraseGrounding.baseline!(list, list, { protocol: 'any' }, { protocol: 'any' });
    expect(values).toEqual({ recall1: 1, recall5: 1, recall10: 1, upperBound: 1 });
  });

  it('starts as the published head where the checkpoint has one, else with 64 wide query and key', () => {
    const { tensors } = readCase('VisualBertForRegionToPhraseAlignment');
    const shape = createBagBackbone(10, 3).shape;
    const of32 = { ...shape, streams: shape.streams.map((stream) => ({ ...stream, hiddenSize: 32 })) };
    const options = { protocol: 'any' } as const;
    const published = phraseGrounding.head(options, options, of32, tensors);
    expect(published.map(({ initializer }) => initializer)).toEqual(
      published.map(({ name }) => ({ kind: 'copy', parameter: name })),
    );
    expect(published[0]).toMatchObject({ name: 'attention.query.weight', shape: [8, 32] });
    const fresh = phraseGrounding.head(options, options, shape, tensors);
    expect(fresh.map(({ name, shape: own }) => [name, own])).toEqual([
      ['attention.query.weight', [64, 64]],
      ['attention.query.bias', [64]],
      ['attention.key.weight', [64, 64]],
      ['attention.key.bias', [64]],
    ]);
    expect(fresh.every(({ initializer }) => initializer.kind !== 'copy')).toBe(true);
  });

  it('takes phrases in brackets to predict, or the whole text', () => {
    const picture = { id: 'p', path: 'p.png', ...SIZE, boxes: [red] };
    const from = (text: string) => phraseGrounding.exampleFrom!({ id: '1', text, pictures: [picture] });
    expect(from('[a man] in [/EN#7/clothing a hat] .')).toMatchObject({
      sentence: 'a man in a hat .',
      phrases: [
        { text: 'a man', start: 0, end: 5 },
        { text: 'a hat', start: 9, end: 14, chain: '7' },
      ],
    });
    expect(from('a man').phrases).toEqual([{ text: 'a man', start: 0, end: 5, types: [] }]);
    expect(() => from('a man in [a hat')).toThrow('input 1: a [ that is not closed (column 10)');
    expect(() => phraseGrounding.exampleFrom!({ id: '1', text: 'it', pictures: [picture, picture] })).toThrow(
      /2 pictures for one caption/,
    );
    expect(() =>
      phraseGrounding.exampleFrom!({ id: '1', text: 'it', pictures: [{ id: 'p', path: 'p' }] }),
    ).toThrow(/no boxes/);
  });

  it('predicts captions without boxes of phrases, and does not score them', async () => {
    const hidden = [example('a', '[/EN#1/people red]')].map(({ phrases, ...rest }) => ({
      ...rest,
      phrases: phrases.map(({ truth: _, ...phrase }) => phrase),
    }));
    expect(await collate(hidden)).not.toHaveProperty('target.regions');
    expect(() => phraseGrounding.fit({ protocol: 'any' }, hidden)).toThrow('1 of 1 phrases has no box');
  });

  it('takes the boxes of precomputed features as candidates, whatever boxes the dataset has', async () => {
    const file = join(folder.path, 'features.safetensors');
    const boxes = [[6, 0, 12, 9], [0, 0, 12, 10], red].flat();
    const tensors = new Map([
      ['a.features', float32([3, 3])],
      ['a.boxes', float32([3, 4], Float32Array.from(boxes))],
      ['a.size', float32([2], Float32Array.of(12, 10))],
    ]);
    writeSafetensors(file, tensors);
    const stored = await processorOf({
      folder: parityPath('tokenizers', 'bert_wordpiece'),
      config: { model_type: 'visual_bert', visual_embedding_dim: 3 },
      regions: { kind: 'precomputed', path: file },
      maxTextLength: 24,
    });
    const context = {
      state: { protocol: 'any' } as const,
      processor: stored,
      random: createRandom(1),
      training: true,
    };
    const some = [example('a', '[/EN#2/other the blue]', [])];
    const batch = await phraseGrounding.collate(some, context);
    // the whole picture overlaps the right half by exactly a half
    expect([...batch['target.regions']!.data.subarray(0, 3)]).toEqual([0.5, 0.5, 0]);
    await stored.close();
  });

  it('refuses a picture without boxes by name', async () => {
    await expect(collate([example('lonely', '[/EN#1/people red]', [])])).rejects.toThrow(
      'example lonely: its picture has no boxes to choose from',
    );
  });
});
