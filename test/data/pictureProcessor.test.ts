import { afterAll, describe, expect, it } from 'vitest';
import type { Json } from '../../src/base/json.js';
import type { Image } from '../../src/data/image.js';
import { readPictureSettings } from '../../src/data/pictureSettings.js';
import { normalisePixels, preparePixels } from '../../src/data/preparePixels.js';
import { expectClose, readJson, readTensors } from '../parity/readParity.js';
import { temporaryFolder } from './pictures.js';

type Config = Record<string, Json>;

const folder = temporaryFolder();
afterAll(() => folder.remove());

const cases = readJson<{ tolerance: number; processors: Record<string, { tensors: Config }> }>(
  'images',
  'case.json',
);
/** Processors of the families that there are. */
const families = new Set(['clip', 'clip_pad', 'vilt']);
const decoded = readTensors('images', 'decoded.safetensors');

/** [height, width, 3] -> [3, height, width]. */
const byChannel = (data: Float32Array): Float32Array => {
  const area = data.length / 3;
  return Float32Array.from(data, (_, i) => data[(i % area) * 3 + Math.floor(i / area)]!);
};

const image = (name: string): Image => {
  const { shape, data } = decoded.get(name)!;
  return { height: shape[0]!, width: shape[1]!, pixels: Uint8Array.from(data) };
};

describe('a preprocessor_config.json is computed as Pillow and transformers do it', () => {
  const files = Object.entries(cases.processors).flatMap(([processor, { tensors }]) =>
    Object.keys(tensors)
      .filter((name) => name.startsWith('pixel_values.'))
      .map((name) => [processor, name.slice('pixel_values.'.length)] as const),
  );

  it.each(files.filter(([processor]) => families.has(processor)))('%s of %s', (processor, file) => {
    const settings = readPictureSettings(readJson('images', processor, 'preprocessor_config.json'), 'clip');
    const expected = readTensors('images', processor, 'expected.safetensors').get(`pixel_values.${file}`)!;
    const prepared = preparePixels(image(file), settings);
    expect([1, 3, prepared.height, prepared.width]).toEqual(expected.shape);
    expectClose(byChannel(normalisePixels(prepared, settings)), expected.data, cases.tolerance);
  });
});
