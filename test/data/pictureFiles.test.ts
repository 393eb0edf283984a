import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeJson } from '../../src/checkpoints/jsonFile.js';
import { folderPictures } from '../../src/data/pictureFiles.js';
import { readPictureSettings } from '../../src/data/pictureSettings.js';
import { temporaryFolder } from './pictures.js';

const place = temporaryFolder();
afterAll(() => place.remove());

const usual = { kind: 'clip', config: { size: 32, crop_size: 32 }, told: "CLIP's usual ones" } as const;

function folderWith(files: Readonly<Record<string, object>>): string {
  const folder = mkdtempSync(join(place.path, 'model-'));
  writeFileSync(join(folder, 'config.json'), '{}');
  for (const [name, value] of Object.entries(files)) writeJson(join(folder, name), value);
  return folder;
}

describe('the settings of a model folder', () => {
  const nested = { image_processor: { size: { shortest_edge: 48 }, crop_size: 40, resample: 2 } };

  it('are those of processor_config.json where it has any, and a contradiction is told', () => {
    const both = folderWith({ 'processor_config.json': nested, 'preprocessor_config.json': { size: 64 } });
    const { pictures, notes } = folderPictures(both, usual);
    expect(pictures.settings).toMatchObject({ filter: 'bilinear', crop: { width: 40, height: 40 } });
    expect(notes.join()).toContain('says something else');
    const twice = { 'processor_config.json': nested, 'preprocessor_config.json': nested.image_processor };
    expect(folderPictures(folderWith(twice), usual).notes).toEqual([]);
  });

  it('are those of preprocessor_config.json where the other has none', () => {
    const files = {
      'processor_config.json': { processor_class: 'X' },
      'preprocessor_config.json': { size: 64 },
    };
    const { pictures, file } = folderPictures(folderWith(files), usual);
    expect(pictures.settings.resize).toEqual({ to: 'shortest', edge: 64 });
    expect(file).toContain('/preprocessor_config.json');
  });

  it('are told to be the usual ones where there are none, with the file that is not read', () => {
    const { notes } = folderPictures(folderWith({ 'image_processor.json': nested }), usual);
    expect(notes.join()).toMatch(/CLIP's usual ones.*image_processor\.json is not read/);
  });

  it('name the member that is wrong', () => {
    const folder = folderWith({ 'processor_config.json': { image_processor: { size: 'large' } } });
    expect(() => folderPictures(folder, usual)).toThrow('/image_processor/size');
  });
});

describe('forms of values', () => {
  it.each([
    [{ size: [20, 30] }, { resize: { to: 'exact', height: 20, width: 30 } }],
    [{ size: 20, default_to_square: true }, { resize: { to: 'exact', height: 20, width: 20 } }],
    [
      { resample: 'BICUBIC', image_mean: 0.5 },
      { filter: 'bicubic', mean: [0.5, 0.5, 0.5] },
    ],
    [{ resample: 0, do_pad: true, pad_size: null, device: 'cpu' }, { filter: 'nearest' }],
    [
      { image_processor_type: 'ViltImageProcessorFast', size: 60 },
      { resize: { to: 'divisible', longest: 99 } },
    ],
  ])('%j', (config, settings) => {
    expect(readPictureSettings(config, 'clip')).toMatchObject(settings);
  });

  it.each([
    [{ size: { longest_edge: 20 } }, '/size'],
    [{ image_mean: [0.5] }, '/image_mean'],
    [{ do_flip_channel_order: true }, '/do_flip_channel_order'],
    [{ do_pad: true, pad_size: { height: 9, width: 9 } }, '/pad_size'],
    [{ image_processor_type: 'FlavaImageProcessor' }, '/image_processor_type'],
  ])('%j is refused', (config, where) => {
    expect(() => readPictureSettings(config, 'clip')).toThrow(where);
  });
});
