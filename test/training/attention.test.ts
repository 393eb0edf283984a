import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { adapters } from '../../adapters/index.js';
import { fusedOutput } from '../../src/backbones/streams.js';
import type { Picture, Processor } from '../../src/data/sequence.js';
import { fromHost, startEngine, tf } from '../../src/engine/index.js';
import { attentionOf } from '../../src/model/attention.js';
import { createModel, type Model } from '../../src/model/model.js';
import { lookFrom } from '../../src/recording/attentionMap.js';
import { wordSpans } from '../../tasks/shown.js';
import type { AnyTask } from '../../tasks/task.js';
import { completeOptions } from '../adapters/subjects.js';
import { tinyFolders } from '../backbones/tinyFolders.js';
import { drawPicture, temporaryFolder } from '../data/pictures.js';
import { vqa } from '../readableTasks.js';
import { createProcessor, loadBackbone, planAdapters } from '../shipped.js';

const folder = temporaryFolder();
const picture: Picture = {
  id: 'p',
  path: join(folder.path, 'p.png'),
  boxes: [
    [0, 0, 16, 16],
    [16, 0, 48, 32],
  ],
};
beforeAll(async () => {
  await startEngine();
  await drawPicture(picture.path, { width: 48, height: 32 }, [0, 90, 200], {
    left: 0,
    top: 0,
    width: 16,
    height: 16,
    colour: [250, 250, 0],
  });
});
afterAll(() => folder.remove());

interface Opened {
  readonly model: Model;
  readonly processor: Processor;
}

/** A tiny backbone of a family with adapters of these kinds. */
async function open(family: string, ...kinds: readonly string[]): Promise<Opened> {
  const place = tinyFolders[family]!(join(folder.path, family));
  const backbone = loadBackbone(place);
  const choices = kinds.map((kind) => {
    const adapter = adapters.find((one) => one.kind === kind)!;
    return { kind, ...(completeOptions(adapter, kind === 'prompt' ? { part: 'text' } : {}) as object) };
  });
  const processor = await createProcessor(backbone, {
    folder: place,
    maxTextLength: 16,
    ...(family === 'singleStream' && { regions: { kind: 'crop-pixels', size: 4 } }),
  });
  const model = createModel({
    backbone,
    attached: planAdapters(backbone.shape, choices),
    task: { task: vqa as unknown as AnyTask, options: { dropout: 0 }, state: { answers: ['yes', 'no'] } },
    precision: 'f32',
    seed: 1,
  });
  return { model, processor };
}

const text = 'is the left thing yellow?';
const input = { text, pictures: [picture], spans: wordSpans(text) };
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe('where a model looks', () => {
  it('is what the last layer gives the positions of the picture, mean over a word and its heads', async () => {
    const { model, processor } = await open('singleStream');
    const look = (await attentionOf(model, processor, [{ input }]))[0]!;
    expect(look.layer).toBe(2);
    expect(look.from.map((one) => one.text)).toEqual(['whole text', 'is', 'the', 'left', 'thing', 'yellow']);
    const sequence = await processor.encode(input);
    const batch = processor.collate([sequence], 1);
    const tensors = Object.fromEntries(Object.entries(batch).map(([name, host]) => [name, fromHost(host)]));
    const probabilities = new Map<number, Float32Array>();
    const output = model.encode(tensors, {
      onAttention: ({ layer }, shown) => void probabilities.set(layer, shown.dataSync() as Float32Array),
    });
    expect(fusedOutput(output).hidden.shape.slice(0, 2)).toEqual([1, sequence.length]);
    const [textLength, length] = [sequence.textLength, sequence.length];
    const [first, last] = sequence.spans![4]!;
    const data = probabilities.get(1)!;
    const mean = (column: number) => {
      const rows = Array.from({ length: last - first + 1 }, (_, at) => first + at);
      const cells = [0, 1].flatMap((head) =>
        rows.map((row) => data[head * length * length + row * length + column]!),
      );
      return sum(cells) / cells.length;
    };
    const expected = [0, 1, 2].map((place) => mean(textLength + place));
    const { share, weights } = look.from[5]!;
    expect(share).toBeCloseTo(sum(expected), 5);
    weights.forEach((weight, at) => {
      expect(weight).toBeCloseTo(expected[at]! / sum(expected), 5);
    });
    expect(sum(weights)).toBeCloseTo(1, 6);
    model.dispose();
  });

  it.each(['prefix', 'prompt', 'bottleneck'])(
    'leaves out what %s adds, and the rest sums to 1',
    async (kind) => {
      const { model, processor } = await open('singleStream', kind);
      const look = (await attentionOf(model, processor, [{ input }]))[0]!;
      expect(look.places).toHaveLength(3);
      for (const { weights, share } of look.from) {
        expect(weights).toHaveLength(3);
        expect(sum(weights)).toBeCloseTo(1, 6);
        expect(share).toBeGreaterThan(0);
        expect(share).toBeLessThan(1);
      }
      model.dispose();
    },
  );

  it('starts at words among patches (ViLT), and at the class token of a tower (CLIP)', async () => {
    const joint = await open('patchStream');
    const words = (await attentionOf(joint.model, joint.processor, [{ input }]))[0]!;
    expect(words.places).toHaveLength(1 + 4 * 6);
    expect(words.from).toHaveLength(6);
    const towers = await open('dualEncoder');
    const whole = (await attentionOf(towers.model, towers.processor, [{ input }]))[0]!;
    expect(whole.from.map((one) => one.text)).toEqual(['class token']);
    expect(whole.from[0]!.weights).toHaveLength(1 + 4 * 4);
    expect(sum(whole.from[0]!.weights)).toBeCloseTo(1, 6);
    for (const { model } of [joint, towers]) model.dispose();
  });

  it('starts at phrases alone where the text as a whole says nothing, the outer one of two', async () => {
    const { model, processor } = await open('singleStream');
    const spans = [
      { start: 3, end: 17 },
      { start: 3, end: 6 },
      { start: 0, end: 2 },
    ];
    const [look] = await attentionOf(model, processor, [{ whole: false, input: { ...input, spans } }]);
    expect(look!.from.map((one) => one.text)).toEqual(['is', 'the left thing']);
    model.dispose();
  });

  it('is nothing without a picture, and where text and picture do not see each other', async () => {
    const { model, processor } = await open('singleStream');
    const looks = [{ input: { text } }, { input }, { input, attention: 'separate' as const }];
    const [alone, seen, apart] = await attentionOf(model, processor, looks);
    expect(alone).toBeUndefined();
    expect(seen!.from).toHaveLength(6);
    expect(apart).toBeUndefined();
    model.dispose();
  });

  it.each(Object.keys(tinyFolders))('is the same of many at once as of each alone (%s)', async (family) => {
    const { model, processor } = await open(family, 'bottleneck');
    const texts = ['is the left thing yellow?', 'a dog', 'what stands to the left of the large yellow thing'];
    const inputs = texts.map((one, at) => ({
      text: one,
      pictures: [at === 1 ? { ...picture, boxes: [] } : picture],
      spans: wordSpans(one),
    }));
    const looks = Array.from({ length: 18 }, (_, at) => ({ input: inputs[at % 3]! }));
    let batches = 0;
    const found = await attentionOf(model, processor, looks, async () => void batches++);
    expect(batches).toBe(2);
    expect(found).toHaveLength(18);
    for (const [at, one] of inputs.entries()) {
      const alone = (await attentionOf(model, processor, [{ input: one }]))[0]!;
      for (const look of [found[at]!, found[at + 15]!]) {
        expect(look.places).toEqual(alone.places);
        expect(look.layer).toBe(alone.layer);
        expect(look.from.map((from) => from.text)).toEqual(alone.from.map((from) => from.text));
        for (const [nth, { share, weights }] of look.from.entries()) {
          expect(share).toBeCloseTo(alone.from[nth]!.share, 5);
          weights.forEach((weight, place) => {
            expect(weight).toBeCloseTo(alone.from[nth]!.weights[place]!, 5);
          });
        }
      }
    }
    model.dispose();
  });

  it('leaves no tensor behind', async () => {
    const { model, processor } = await open('singleStream');
    const before = tf.memory().numTensors;
    await attentionOf(model, processor, [{ input }, { input }]);
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });

  it('is read from the last rows that keys before the sequence leave', () => {
    const map = { rows: 3, columns: 4, data: [0.4, 0.1, 0.2, 0.3, 1, 0, 0, 0, 0.2, 0.4, 0.4, 0] };
    expect(lookFrom(map, [0], 2)).toEqual([0.1 / (0.1 + 0.2), 0.2 / (0.1 + 0.2)]);
    expect(lookFrom(map, [0, 2], 2)[0]).toBeCloseTo(0.5 / 1.1, 12);
  });
});
