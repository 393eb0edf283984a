import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { siglip } from '../../src/backbones/siglip/model.js';
import { UsageError } from '../../src/base/errors.js';
import type { Json } from '../../src/base/json.js';
import { readJsonObject } from '../../src/checkpoints/jsonFile.js';
import { drawPicture, temporaryFolder } from '../data/pictures.js';
import { processorOf } from './opened.js';
import { tinySiglipFolder } from './tinyFolders.js';

const temporary = temporaryFolder();
const folder = join(temporary.path, 'siglip');
const path = join(temporary.path, 'red.png');
const open = async (maxTextLength = 16) => {
  const config = readJsonObject(join(tinySiglipFolder(folder), 'config.json'));
  return processorOf({ config, folder, maxTextLength });
};

beforeAll(() => drawPicture(path, { width: 40, height: 32 }, [255, 0, 0]));
afterAll(() => temporary.remove());

describe('the processor of a SigLIP', () => {
  it('pads every text to all positions, wherever texts are cut', async () => {
    const { encode, collate, tokenizer } = await open(8);
    const texts = ['a cat', 'a cat on a red mat on a red mat on a red mat'];
    const { inputIds } = collate(await Promise.all(texts.map((text) => encode({ text }))), 8);
    expect(inputIds!.shape).toEqual([2, 24]);
    const pad = tokenizer.specialId('pad');
    const real = [0, 1].map((row) => [...inputIds!.data.subarray(row * 24, row * 24 + 24)]);
    expect(real.map((ids) => ids.filter((id) => id !== pad).length)).toEqual([4, 8]);
  });

  it('reads a picture as its patches alone, whatever its shape', async () => {
    const { encode, collate } = await open();
    const sequence = await encode({ pictures: [{ id: 'red', path }] });
    expect(sequence.length).toBe(16);
    expect(sequence.picturePlaces!().map(({ part }) => part)[0]).toEqual([0, 0, 0.25, 0.25]);
    const { patches } = collate([sequence]);
    expect(patches!.shape).toEqual([1, 16, 192]);
    // red, (1 - 0.5) / 0.5 and (0 - 0.5) / 0.5
    expect([patches!.data[0], patches!.data[64]]).toEqual([1, -1]);
  });
});

describe('the config of a SigLIP', () => {
  const problemsOf = (config: Record<string, Json>) => {
    try {
      siglip.open({ model_type: 'siglip', ...config });
      return [];
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      return (error as UsageError).problems.map(({ where }) => where);
    }
  };

  it('tells all that is wrong with both towers', () => {
    const wrong = {
      text_config: { num_attention_heads: 5, hidden_act: 'geglu' },
      vision_config: { vision_use_head: false, patch_size: 300 },
    };
    expect(problemsOf(wrong).sort()).toEqual([
      '/text_config/hidden_act',
      '/text_config/num_attention_heads',
      '/vision_config/patch_size',
      '/vision_config/vision_use_head',
    ]);
  });

  it('must give both towers vectors of one width', () => {
    expect(problemsOf({ text_config: { projection_size: 512 } })).toEqual(['/text_config/projection_size']);
    const vision = { hidden_size: 1152, num_attention_heads: 16 };
    expect(problemsOf({ text_config: { projection_size: 1152 }, vision_config: vision })).toEqual([]);
  });
});
