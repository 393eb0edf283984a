import { describe, expect, it } from 'vitest';
import { gives, lacking, modelsThat } from '../../src/backbones/capabilities.js';
import { backboneFamilies } from '../../src/backbones/families.js';
import type { Json } from '../../src/base/json.js';
import { startEngine, tf } from '../../src/engine/index.js';
import { lookUpIn } from '../../src/nn/parameters.js';
import { createBackbone } from '../shipped.js';
import { toDevice } from './parityModel.js';

const GIVEN: Readonly<Record<string, string>> = {
  bert: 'fused',
  visual_bert: 'fused regions',
  vilt: 'fused',
  clip: 'text picture',
  chinese_clip: 'text picture',
  siglip: 'text picture',
};

describe('what backbones give', () => {
  it.each(Object.entries(GIVEN))('%s: %s', (type, wanted) => {
    const family = backboneFamilies.find(({ modelTypes }) => modelTypes.includes(type))!;
    const { shape } = family.open({ model_type: type });
    const all = ['text', 'picture', 'fused', 'regions'] as const;
    expect(all.filter((one) => gives(shape, one)).join(' ')).toBe(wanted);
  });

  it('is told where it is lacking, with the models that have it', () => {
    const clip = backboneFamilies
      .find(({ family }) => family === 'dualEncoder')!
      .open({ model_type: 'clip' });
    expect(lacking(clip.shape, 'fused').problems).toEqual([
      {
        where: '/backbone',
        message: 'a dualEncoder backbone encodes text and picture apart',
        expected: 'one that reads them in one sequence (VisualBERT, ViLT)',
      },
    ]);
    expect(lacking(clip.shape, 'regions').problems[0]?.expected).toBe('one that reads regions (VisualBERT)');
    expect(modelsThat((shape) => gives(shape, 'picture'))).toBe('CLIP, Chinese-CLIP, SigLIP');
  });
});

it('a config is read once, however often the backbone runs', async () => {
  await startEngine();
  let reads = 0;
  const config = Object.defineProperty(
    {
      model_type: 'bert',
      num_hidden_layers: 1,
      num_attention_heads: 2,
      intermediate_size: 8,
      vocab_size: 10,
    },
    'hidden_size',
    {
      enumerable: true,
      get: () => {
        reads++;
        return 8;
      },
    },
  ) as unknown as Record<string, Json>;
  const { weights, forward } = createBackbone(config, 1);
  const afterOpening = reads;
  const parameters = lookUpIn(toDevice(weights), 'backbone');
  for (let step = 0; step < 3; step++) {
    forward(parameters, { inputIds: tf.zeros([1, 3], 'int32') }).fused!.pooled.dataSync();
  }
  // once by the reader, once for the hash that names the backbone
  expect([afterOpening, reads]).toEqual([2, 2]);
});
