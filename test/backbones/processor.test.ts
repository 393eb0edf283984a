import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { singleStream } from '../../src/backbones/singleStream/model.js';
import type { Picture } from '../../src/data/sequence.js';
import { drawPicture, temporaryFolder } from '../data/pictures.js';
import { parityPath } from '../parity/readParity.js';
import { createProcessor, processorFrom } from '../shipped.js';

const folder = temporaryFolder();
const tokenizerFolder = parityPath('tokenizers', 'bert_wordpiece');
const backbone = singleStream.open({ model_type: 'visual_bert', visual_embedding_dim: 12 });
const options = { folder: tokenizerFolder, regions: { kind: 'crop-pixels', size: 2 }, maxTextLength: 12 };
const picture = (id: string, boxes?: Picture['boxes']): Picture => ({
  id,
  path: join(folder.path, `${id}.png`),
  ...(boxes && { boxes }),
});
const red = picture('red', [[0, 0, 10, 10]]);
const blue = picture('blue', []);

beforeAll(async () => {
  await drawPicture(red.path, { width: 20, height: 10 }, [255, 0, 0]);
  await drawPicture(blue.path, { width: 8, height: 8 }, [0, 0, 255]);
});
afterAll(() => folder.remove());

describe('the single-stream processor', () => {
  it('pads texts and regions apart, with masks', async () => {
    const processor = await createProcessor(backbone, options);
    const long = await processor.encode({ text: 'a b c d', pictures: [red] });
    const short = await processor.encode({ text: 'a', textPair: 'b', pictures: [blue] });
    const batch = processor.collate([long, short]);
    expect([long.textLength, long.length, short.textLength, short.length]).toEqual([6, 8, 5, 6]);
    expect(batch.inputIds!.shape).toEqual([2, 6]);
    expect([...batch.inputIds!.data.subarray(6)]).toEqual([
      ...short.inputIds,
      processor.tokenizer.specialId('pad'),
    ]);
    expect([...batch.tokenTypeIds!.data]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0]);
    expect([...batch.attentionMask!.data]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
    expect(batch.regionFeatures!.shape).toEqual([2, 2, 12]);
    expect([...batch.regionFeatures!.data.subarray(24)]).toEqual([
      ...Array.from({ length: 4 }, () => [-1, -1, 1]).flat(),
      ...new Array(12).fill(0),
    ]);
    expect([...batch.regionBoxes!.data.subarray(0, 14)]).toEqual([
      0, 0, 1, 1, 1, 1, 1, 0, 0, 0.5, 1, 0.5, 1, 0.5,
    ]);
    expect([...batch.regionMask!.data]).toEqual([1, 1, 1, 0]);
    expect([...batch.regionTypeIds!.data]).toEqual([1, 1, 1, 0]);
    expect(batch.regionMask!.dtype).toBe('float32');
  });

  it('gives the labels of boxes that have one; whole pictures and padding have none', async () => {
    const processor = await createProcessor(backbone, options);
    const labelled = await processor.encode({ text: 'a', pictures: [{ ...red, labels: [5] }] });
    const plain = await processor.encode({ text: 'a', pictures: [blue] });
    expect([...processor.collate([labelled, plain]).regionLabels!.data]).toEqual([-100, 5, -100, -100]);
    expect(processor.collate([plain]).regionLabels).toBeUndefined();
  });

  it('tells two pictures of one sequence apart by their type', async () => {
    const processor = await createProcessor(backbone, options);
    const batch = processor.collate([await processor.encode({ text: 'a', pictures: [red, blue] })]);
    expect([...batch.regionTypeIds!.data]).toEqual([0, 0, 1]);
    expect([...batch.regionFeatures!.data.subarray(24, 27)]).toEqual([-1, -1, 1]);
  });

  it('has no region tensors when no sequence has a region', async () => {
    const processor = await createProcessor(backbone, options);
    const batch = processor.collate([await processor.encode({ text: 'a b' })]);
    expect(Object.keys(batch).sort()).toEqual(['attentionMask', 'inputIds', 'tokenTypeIds']);
  });

  it('rounds lengths up to a multiple, texts not beyond their limit, and cuts long ones', async () => {
    const processor = await createProcessor(backbone, options);
    const encoded = await processor.encode({ text: 'a b c d', pictures: [red] });
    const batch = processor.collate([encoded], 8);
    expect([batch.inputIds!.shape, batch.regionMask!.shape]).toEqual([
      [1, 8],
      [1, 8],
    ]);
    const long = await processor.encode({ text: 'a b c d e f g h i j k l m n o p' });
    expect(long.textLength).toBe(12);
    expect(processor.collate([long], 8).inputIds!.shape).toEqual([1, 12]);
  });

  it('is made again from its description', async () => {
    const processor = await createProcessor(backbone, options);
    const saved = JSON.parse(JSON.stringify(processor.description));
    expect(JSON.stringify(saved)).not.toContain(tokenizerFolder);
    const again = await processorFrom(backbone, saved, tokenizerFolder);
    expect(again.description).toEqual(processor.description);
    const input = { text: 'a b', pictures: [red] };
    expect(again.collate([await again.encode(input)])).toEqual(
      processor.collate([await processor.encode(input)]),
    );
  });

  it('names what is unknown', async () => {
    await expect(createProcessor(backbone, { ...options, regions: { kind: 'crops' } })).rejects.toThrow(
      "regions.kind: 'crops' is unknown; one of crop-pixels, precomputed",
    );
  });
});
