import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readDualEncoderConfig } from '../../src/backbones/dualEncoder/config.js';
import { backboneFamilies } from '../../src/backbones/families.js';
import { readPatchStreamConfig } from '../../src/backbones/patchStream/config.js';
import { readSiglipConfig } from '../../src/backbones/siglip/config.js';
import { readSingleStreamConfig } from '../../src/backbones/singleStream/config.js';
import { UsageError } from '../../src/base/errors.js';
import type { Json } from '../../src/base/json.js';

type Config = Readonly<Record<string, Json>>;

/** What transformers fills in for each model_type, see fixtures/make_default_configs.py. */
const reference = JSON.parse(
  readFileSync(new URL('fixtures/default_configs.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, Config>>;

const readers: Readonly<Record<string, (config: Config) => object>> = {
  bert: readSingleStreamConfig,
  visual_bert: readSingleStreamConfig,
  vilt: readPatchStreamConfig,
  clip: readDualEncoderConfig,
  chinese_clip: readDualEncoderConfig,
  siglip: readSiglipConfig,
};

/** Keys that configs of transformers don't have: those of this project, and those of VisualBERT in a BERT. */
const OURS = [
  'add_pooling_layer',
  'visual_box_dim',
  'visual_embedding_dim',
  'special_visual_initialize',
  'initializer_range',
  'kind',
];

/** Every default of ours is theirs. */
function expectDefaults(filled: object, wanted: Config): void {
  for (const [key, value] of Object.entries(filled)) {
    if (typeof value === 'object' && value !== null) continue;
    if (key in wanted) expect({ [key]: value }).toEqual({ [key]: wanted[key] });
    else expect(OURS).toContain(key);
  }
}

const types = backboneFamilies.flatMap((family) => family.modelTypes.map((type) => [type, family] as const));

describe('a config that says nothing but its model_type', () => {
  it.each(types)('has the defaults of transformers: %s', (type) => {
    const filled = readers[type]!({ model_type: type });
    const wanted = reference[type]!;
    expectDefaults(filled, wanted);
    if (!('picture' in filled && 'text' in filled)) return;
    expectDefaults(filled.text as object, wanted.text_config as Config);
    expectDefaults(filled.picture as object, wanted.vision_config as Config);
  });

  it.each(types)('is read as one that says all that transformers writes: %s', (type) => {
    expect(readers[type]!(reference[type]!)).toMatchObject(readers[type]!({ model_type: type }));
  });
});

describe('a config that changes what a model computes is refused by every family', () => {
  const problemsOf = (family: (typeof types)[number][1], config: Config) => {
    try {
      family.open(config).shape;
      return [];
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      return (error as UsageError).problems.map(({ where }) => where);
    }
  };
  const inTower = { clip: true, chinese_clip: true, siglip: true } as Readonly<Record<string, boolean>>;

  it.each(types)('%s: pruned heads', (type, family) => {
    const pruned = { pruned_heads: { 0: [1] } };
    expect(problemsOf(family, { model_type: type, ...pruned })).toEqual(['/pruned_heads']);
    expect(problemsOf(family, { model_type: type, pruned_heads: {} })).toEqual([]);
    if (!inTower[type]) return;
    const towers = { model_type: type, text_config: pruned, vision_config: pruned };
    expect(problemsOf(family, towers)).toEqual(['/text_config/pruned_heads', '/vision_config/pruned_heads']);
  });

  it.each(types)('%s: quantized weights', (type, family) => {
    const quantized = { quantization_config: { quant_method: 'bitsandbytes', load_in_8bit: true } };
    expect(problemsOf(family, { model_type: type, ...quantized })).toEqual(['/quantization_config']);
    expect(problemsOf(family, { model_type: type, quantization_config: null })).toEqual([]);
    if (!inTower[type]) return;
    const towers = { model_type: type, text_config: quantized, vision_config: quantized };
    expect(problemsOf(family, towers)).toEqual([
      '/text_config/quantization_config',
      '/vision_config/quantization_config',
    ]);
  });
});

describe('the token that pads', () => {
  it.each([
    ['bert', undefined, 0],
    ['bert', null, null],
    ['visual_bert', undefined, 1],
    ['visual_bert', 0, 0],
    ['vilt', undefined, null],
    ['vilt', 3, 3],
  ])('%s with %j is %j', (type, given, wanted) => {
    const config = { model_type: type, ...(given !== undefined && { pad_token_id: given }) };
    expect(readers[type]!(config)).toMatchObject({ pad_token_id: wanted });
  });

  it.each([
    [{}, 0],
    [{ pad_token_id: null }, null],
    [{ pad_token_id: 2 }, 2],
  ])('of a Chinese-CLIP text tower with %j is %j', (text, wanted) => {
    const { text: tower } = readDualEncoderConfig({ model_type: 'chinese_clip', text_config: text });
    expect(tower).toMatchObject({ pad_token_id: wanted });
  });
});
