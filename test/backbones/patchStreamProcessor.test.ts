import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { patchStream } from '../../src/backbones/patchStream/model.js';
import type { HostBatch } from '../../src/base/hostTensor.js';
import type { Json } from '../../src/base/json.js';
import { readJsonObject, writeJson } from '../../src/checkpoints/jsonFile.js';
import type { Picture } from '../../src/data/sequence.js';
import { startEngine } from '../../src/engine/index.js';
import { lookUpIn } from '../../src/nn/parameters.js';
import { drawPicture, temporaryFolder } from '../data/pictures.js';
import { expectClose, parityPath, readTensors } from '../parity/readParity.js';
import { createBackbone, createProcessor, processorFrom } from '../shipped.js';
import { fusedPass, opened } from './opened.js';
import { toDevice } from './parityModel.js';
import { tinyViltFolder } from './tinyFolders.js';
import { picturesOf } from './viltPictures.js';

const temporary = temporaryFolder();
const folder = join(temporary.path, 'vilt');
const config = (changes: Record<string, Json> = {}) =>
  readJsonObject(join(tinyViltFolder(folder, changes), 'config.json')) as Record<string, Json>;
const open = (changes: object = {}, keys: Record<string, Json> = {}) =>
  createProcessor(opened(config(keys)), { folder, maxTextLength: 16, ...changes });
const picture = (id: string): Picture => ({ id, path: join(temporary.path, `${id}.png`) });
const [red, blue] = [picture('red'), picture('blue')];

beforeAll(async () => {
  await drawPicture(red.path, { width: 48, height: 32 }, [255, 0, 0]); // 32 x 48 pixels: 4 x 6 patches
  await drawPicture(blue.path, { width: 20, height: 20 }, [0, 0, 255]); // 32 x 32 pixels: 4 x 4 patches
});
afterAll(() => temporary.remove());

const row = ({ patchPlaces: places }: HostBatch, at: number, count: number) => {
  const length = places!.shape[1]! * 2;
  return Array.from(places!.data.subarray(at * length, at * length + 2 * count));
};

describe('the processor of a stream of words and patches', () => {
  it('makes tokens and patches, pictures of other sizes padded and masked', async () => {
    const processor = await open();
    const wide = await processor.encode({ text: 'a cat', pictures: [red] });
    const square = await processor.encode({ text: 'a red cat on a mat', pictures: [blue] });
    expect([wide.length - wide.textLength, square.length - square.textLength]).toEqual([25, 17]);
    const batch = processor.collate([wide, square]);
    expect(batch.inputIds!.shape).toEqual([2, square.textLength]);
    expect(batch.patches!.shape).toEqual([2, 24, 192]);
    expect([...batch.pictureMask!.data]).toEqual([...new Array(42).fill(1), ...new Array(8).fill(0)]);
    const patch = (picture: number, at: number) =>
      [0, 64, 128].map((channel) => batch.patches!.data[(picture * 24 + at) * 192 + channel]);
    expect([patch(0, 23), patch(1, 15), patch(1, 16)]).toEqual([
      [1, -1, -1],
      [-1, -1, 1],
      [0, 0, 0],
    ]);
    const third = 1 / 3;
    expectClose(row(batch, 0, 7), [0, 0, 0, 0.2, 0, 0.4, 0, 0.6, 0, 0.8, 0, 1, third, 0], 1e-6);
    expectClose(row(batch, 1, 5), [0, 0, 0, third, 0, 2 * third, 0, 1, third, 0], 1e-6);
    const rounded = processor.collate([square], 10);
    expect([rounded.patches!.shape[1], rounded.pictureMask!.shape[1]]).toEqual([20, 21]);
    await processor.close();
  });

  it('reads max_image_length patches at most, spread evenly', async () => {
    const processor = await open({}, { max_image_length: 8 });
    const batch = processor.collate([await processor.encode({ text: 'a', pictures: [red] })]);
    expect(batch.patches!.shape).toEqual([1, 8, 192]);
    // patches 1, 4, 7, ... of 4 rows of 6
    const expected = [1, 4, 7, 10, 13, 16, 19, 22].flatMap((at) => [Math.floor(at / 6) / 3, (at % 6) / 5]);
    expectClose(row(batch, 0, 8), expected, 1e-6);
    const few = processor.collate([await processor.encode({ text: 'a', pictures: [red] })], 16);
    expect(few.patches!.shape[1]).toBe(16);
  });

  it('reads a text alone', async () => {
    const processor = await open();
    const alone = await processor.encode({ text: 'a cat' });
    expect(alone.length).toBe(alone.textLength);
    expect(Object.keys(processor.collate([alone])).sort()).toEqual([
      'attentionMask',
      'inputIds',
      'tokenTypeIds',
    ]);
    const shown = await processor.encode({ text: 'a', pictures: [red] });
    expect(() => processor.collate([alone, shown])).toThrow('with and without a picture');
  });

  it('finds spans of a pair, whose texts are two segments', async () => {
    const processor = await open();
    const spans = [
      { start: 6, end: 9 },
      { of: 'textPair' as const, start: 4, end: 7, box: 0 },
    ];
    const pair = await processor.encode({
      text: 'Is it red?',
      textPair: 'the cat sat',
      spans,
      pictures: [red],
    });
    const wordOf = async (text: string) => [...(await processor.encode({ text })).inputIds.slice(1, -1)];
    const tokens = ([from, to]: readonly [number, number]) => [...pair.inputIds.slice(from, to + 1)];
    expect(tokens(pair.spans![0]!)).toEqual(await wordOf('red'));
    expect(tokens(pair.spans![1]!)).toEqual(await wordOf('cat'));
    const { tokenTypeIds, inputIds } = processor.collate([pair]);
    const second = inputIds!.data.indexOf(pair.inputIds.at(-1)!) + 1;
    expect([...tokenTypeIds!.data]).toEqual(Array.from(inputIds!.data, (_, at) => Number(at >= second)));
    expect(processor.tokenizer.specialId('mask')).toBeGreaterThan(0);
  });

  it('refuses several pictures in one sequence, and a picture without text', async () => {
    const processor = await open();
    await expect(processor.encode({ text: 'a', pictures: [red, blue] })).rejects.toThrow(
      'a sequence of 2 pictures: a patchStream backbone reads one at a time; a task or head that encodes each',
    );
    await expect(processor.encode({ pictures: [red] })).rejects.toThrow('a sequence without text');
  });

  it('refuses regions and texts that are too long for the backbone', async () => {
    const wrong = open({ regions: { kind: 'crop-pixels' }, maxTextLength: 99 });
    await expect(wrong).rejects.toThrow(/data\.maxTextLength.*\n.*data\.regions/);
  });

  it('refuses pictures of any size, and those that are smaller than a patch', async () => {
    const own = config();
    const file = join(folder, 'preprocessor_config.json');
    const make = () => createProcessor(opened(own), { folder, maxTextLength: 16 });
    writeJson(file, { ...readJsonObject(file), do_resize: false } as never);
    await expect(make()).rejects.toThrow(/preprocessor_config\.json: it sets no bound to the size/);
    writeJson(file, { image_processor_type: 'ViltImageProcessor', size: 4, size_divisor: 4 });
    const processor = await make();
    await expect(processor.encode({ text: 'a', pictures: [blue] })).rejects.toThrow(
      /blue\.png: made ready it has 4 x 4 pixels, less than a patch of 8 x 8/,
    );
  });

  it('is made again from its description', async () => {
    const processor = await open();
    const backbone = opened(config());
    const again = await processorFrom(backbone, processor.description, folder);
    const encode = async ({ encode: read, collate }: typeof processor) =>
      collate([await read({ text: 'a cat on a red mat', pictures: [red] })]);
    expect(await encode(again)).toEqual(await encode(processor));
    await again.close();
  });

  it('prepares pictures as ViLT does where the folder does not say how', async () => {
    const expected = await open();
    const own = config();
    rmSync(join(folder, 'preprocessor_config.json'));
    const plain = await createProcessor(opened(own), { folder, maxTextLength: 16 });
    const encode = async ({ encode: read, collate }: typeof plain) =>
      collate([await read({ text: 'a', pictures: [red] })]);
    expect(await encode(plain)).toEqual(await encode(expected));
  });
});

describe('from files to patches and their positions', () => {
  const place = join(temporary.path, 'end-to-end');
  const processor = async () => {
    tinyViltFolder(place);
    const file = 'preprocessor_config.json';
    copyFileSync(parityPath('images', 'vilt', file), join(place, file));
    const own = readJsonObject(join(place, 'config.json')) as Record<string, Json>;
    return createProcessor(opened(own), { folder: place, maxTextLength: 16 });
  };
  const encoded = async (names: readonly string[]) => {
    const { encode, collate } = await processor();
    const read = (id: string) => encode({ text: 'a', pictures: [{ id, path: parityPath('images', id) }] });
    const { patches, patchPlaces, pictureMask } = collate(await Promise.all(names.map(read)));
    return { patches, patchPlaces, pictureMask };
  };
  const inputs = readTensors('images', 'vilt', 'expected.safetensors');
  const expected = (names: Record<string, string>) =>
    picturesOf({ config: { patch_size: 8, max_image_length: -1 }, inputs }, names);
  const compare = (actual: Record<string, HostBatch[string] | undefined>, wanted: HostBatch) => {
    for (const [name, { shape, data }] of Object.entries(wanted)) {
      expect(actual[name]!.shape).toEqual(shape);
      expectClose(actual[name]!.data, data, 1e-4);
    }
  };

  it.each(['rgb.png', 'rgba.png', 'grey.png'])('%s', async (name) => {
    compare(await encoded([name]), expected({ pixel_values: `pixel_values.${name}` }));
  });

  it('of a batch of several sizes', async () => {
    const names = { pixel_values: 'batch.pixel_values', pixel_mask: 'batch.pixel_mask' };
    compare(await encoded(['rgb.png', 'rgba.png', 'palette.png']), expected(names));
  });
});

it('a backbone from nothing reads what its processor makes', async () => {
  await startEngine();
  const own = config({ max_image_length: 5 });
  const made = createBackbone(own, 4);
  const { encode, collate } = await createProcessor(made, { folder, maxTextLength: 16 });
  const batch = collate([
    await encode({ text: 'a cat on a mat', pictures: [red] }),
    await encode({ text: 'a dog', pictures: [blue] }),
  ]);
  const inputs = Object.fromEntries(toDevice(Object.entries(batch)));
  const { pooled, hidden } = fusedPass(patchStream.open(own))(
    lookUpIn(toDevice(made.weights), 'backbone'),
    inputs,
  );
  expect(hidden.shape).toEqual([2, batch.inputIds!.shape[1]! + 6, 16]);
  expect(pooled.dataSync().every(Number.isFinite)).toBe(true);
});
