import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dualEncoder } from '../../src/backbones/dualEncoder/model.js';
import type { Json } from '../../src/base/json.js';
import { readJsonObject, writeJson } from '../../src/checkpoints/jsonFile.js';
import type { Picture, SequenceInput } from '../../src/data/sequence.js';
import { fromHost, startEngine } from '../../src/engine/index.js';
import { lookUpIn } from '../../src/nn/parameters.js';
import { drawPicture, temporaryFolder } from '../data/pictures.js';
import { expectClose, parityPath, readTensors } from '../parity/readParity.js';
import { createBackbone, createProcessor, processorFrom } from '../shipped.js';
import { opened } from './opened.js';
import { toDevice } from './parityModel.js';
import { pixelPatches } from './pixelPatches.js';
import { tinyClipFolder } from './tinyFolders.js';

const temporary = temporaryFolder();
const folder = join(temporary.path, 'clip');
const config = () => readJsonObject(join(tinyClipFolder(folder), 'config.json')) as Record<string, Json>;
const open = async (changes: object = {}) =>
  createProcessor(opened(config()), { folder, maxTextLength: 16, ...changes });
const picture = (id: string): Picture => ({ id, path: join(temporary.path, `${id}.png`) });
const red = picture('red');
const blue = picture('blue');

beforeAll(async () => {
  await drawPicture(red.path, { width: 40, height: 32 }, [255, 0, 0]);
  await drawPicture(blue.path, { width: 32, height: 50 }, [0, 0, 255]);
});
afterAll(() => temporary.remove());

describe('the processor of a dual encoder', () => {
  it('makes tokens, padded with the pad token, and patches', async () => {
    const processor = await open();
    const long = await processor.encode({ text: 'A cat on a red mat', pictures: [red] });
    const short = await processor.encode({ text: 'a cat', pictures: [blue] });
    const batch = processor.collate([long, short]);
    const length = long.textLength;
    expect(length).toBeGreaterThan(short.textLength);
    expect(batch.inputIds!.shape).toEqual([2, length]);
    const padding = new Array(length - short.textLength).fill(899);
    expect([...batch.inputIds!.data.subarray(length)]).toEqual([...short.inputIds, ...padding]);
    expect(batch.patches!.shape).toEqual([2, 16, 192]);
    const [mean, deviation] = [0.48145466, 0.26862954];
    expect(batch.patches!.data[0]).toBeCloseTo((1 - mean) / deviation, 4);
    expect(long.length).toBe(length + 17);
  });

  it('reads a text alone and a picture alone', async () => {
    const processor = await open();
    const text = processor.collate([await processor.encode({ text: 'a cat' })]);
    expect(Object.keys(text).sort()).toEqual(['attentionMask', 'inputIds', 'tokenTypeIds']);
    const alone = await processor.encode({ pictures: [red] });
    expect(Object.keys(processor.collate([alone, alone]))).toEqual(['patches']);
    expect([alone.textLength, alone.length]).toEqual([0, 17]);
    const mixed = [alone, await processor.encode({ text: 'a', pictures: [red] })];
    expect(() => processor.collate(mixed)).toThrow('with and without a text');
  });

  it('refuses two pictures in one sequence, and a sequence of nothing', async () => {
    const processor = await open();
    await expect(processor.encode({ text: 'a', pictures: [red, blue] })).rejects.toThrow('one at a time');
    await expect(processor.encode({})).rejects.toThrow('neither text nor picture');
  });

  it('refuses regions and texts that are too long for the backbone', async () => {
    const wrong = open({ regions: { kind: 'crop-pixels' }, maxTextLength: 99 });
    await expect(wrong).rejects.toThrow(/data\.maxTextLength.*\n.*data\.regions/);
  });

  it('reads the texts of a pair as one, whose spans are found', async () => {
    const processor = await open();
    const input: SequenceInput = {
      text: 'Is it red?',
      textPair: 'the cat sat',
      spans: [
        { start: 6, end: 9 },
        { of: 'textPair', start: 4, end: 7 },
      ],
    };
    const pair = await processor.encode(input);
    const one = await processor.encode({ text: 'Is it red? the cat sat' });
    expect([...pair.inputIds]).toEqual([...one.inputIds]);
    const tokens = ([from, to]: readonly [number, number]) => [...pair.inputIds.slice(from, to + 1)];
    const wordOf = async (text: string) => [...(await processor.encode({ text })).inputIds.slice(1, -1)];
    expect(tokens(pair.spans![0]!)).toEqual(await wordOf('red'));
    expect(tokens(pair.spans![1]!)).toEqual(await wordOf('cat'));
  });

  it('has no mask token', async () => {
    const { tokenizer } = await open();
    expect(tokenizer.vocabularySize).toBe(900);
    expect(tokenizer.specialId('pad')).toBe(899);
    expect(() => tokenizer.specialId('mask')).toThrow('no mask token');
  });

  it('is made again from its description', async () => {
    const processor = await open();
    const again = await processorFrom(opened(config()), processor.description, folder);
    const encode = async ({ encode, collate }: typeof processor) =>
      collate([await encode({ text: 'a cat on a red mat', pictures: [red] })]);
    expect(await encode(again)).toEqual(await encode(processor));
    await again.close();
  });

  it('says when pictures are made ready for another size', async () => {
    const other = { ...config(), vision_config: { image_size: 16, patch_size: 8 } };
    const wrong = () => createProcessor(opened(other), { folder, maxTextLength: 16 });
    await expect(wrong()).rejects.toThrow(/preprocessor_config\.json.*32 x 32.*16 x 16/s);
    writeJson(join(folder, 'preprocessor_config.json'), {
      do_center_crop: false,
      size: { shortest_edge: 16 },
    });
    await expect(wrong()).rejects.toThrow('different sizes');
  });

  it('prepares pictures as CLIP does where the folder does not say how', async () => {
    const processor = await open();
    const expected = processor.collate([await processor.encode({ pictures: [red] })]);
    const other = config();
    rmSync(join(folder, 'preprocessor_config.json'));
    const plain = await createProcessor(opened(other), { folder, maxTextLength: 16 });
    expect(plain.collate([await plain.encode({ pictures: [red] })])).toEqual(expected);
  });
});

describe('from a file to the embedding of a picture', () => {
  it.each(['rgb.png', 'rgb.jpg', 'rgba.png', 'grey.png', 'palette.png'])('%s', async (name) => {
    const tolerance = 1e-4;
    await startEngine();
    const place = join(temporary.path, 'end-to-end');
    tinyClipFolder(place);
    copyFileSync(
      parityPath('images', 'clip', 'preprocessor_config.json'),
      join(place, 'preprocessor_config.json'),
    );
    const given = readJsonObject(join(place, 'config.json')) as Record<string, Json>;
    const vision = { ...(given.vision_config as object), image_size: 28, patch_size: 7 };
    const own = { ...given, vision_config: vision };
    writeJson(join(place, 'config.json'), own);
    const processor = await createProcessor(opened(own), { folder: place, maxTextLength: 16 });
    const sequence = await processor.encode({ pictures: [{ id: name, path: parityPath('images', name) }] });
    const { patches } = processor.collate([sequence]);
    const pixels = readTensors('images', 'clip', 'expected.safetensors').get(`pixel_values.${name}`)!;
    const expected = pixelPatches(pixels, 7);
    expect(patches!.shape).toEqual(expected.shape);
    expectClose(patches!.data, expected.data, tolerance);
    const parameters = lookUpIn(toDevice(createBackbone(own, 5).weights), 'backbone');
    const embedding = (values: typeof expected) =>
      dualEncoder
        .open(own)
        .forward(parameters, { patches: fromHost(values) })
        .picture!.pooled.dataSync();
    expectClose(embedding(patches!), embedding(expected), tolerance);
  });
});
