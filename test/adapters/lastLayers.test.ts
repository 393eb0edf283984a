import { expect, test } from 'vitest';
import { lastLayers } from '../../adapters/lastLayers.js';
import { singleStream } from '../../src/backbones/singleStream/model.js';
import { describeConformance } from './conformance.js';
import { shapeOf } from './hubParity.js';
import { completeOptions } from './subjects.js';

test('has the size of whole layers and the pooler of BERT-base', () => {
  const base = singleStream.open({ model_type: 'bert' }).shape;
  const [h, i] = [768, 3072];
  const layer = 4 * h * h + 2 * h * i + 9 * h + i;
  const { dropout } = completeOptions(lastLayers as never, {}) as { dropout: number };
  expect(lastLayers.parameterCount(base, { count: 3, dropout })).toBe(3 * layer + h * h + h);
});

test('takes of each tower its last layers, and what follows them but nothing before', () => {
  const shape = shapeOf('ChineseCLIPModel');
  const { unfrozen } = lastLayers.plan(shape, { count: 1, dropout: 0 });
  expect(unfrozen.filter((name) => !/encoder\.layers?\.1\./.test(name))).toEqual([
    'text_projection.weight',
    'vision_model.post_layernorm.weight',
    'vision_model.post_layernorm.bias',
    'visual_projection.weight',
  ]);
  expect(unfrozen.filter((name) => /encoder\.layers?\.1\./.test(name))).toHaveLength(32);
});

test('says how many layers there are where too many are asked for', () => {
  expect(() => lastLayers.plan(shapeOf('CLIPModel'), { count: 3, dropout: 0 })).toThrow(
    '/count: 3 layers, but the text tower has 2; 1 to 2\n/count: 3 layers, but the picture tower has 2; 1 to 2',
  );
});

describeConformance(lastLayers, [
  {
    name: 'last layer',
    options: { count: 1 },
    unfreezes:
      /encoder\.layers?\.1\.|^pooler\.|^(text|visual)_projection|post_layernorm|final_layer_norm|^layernorm\.|^text_model\.head\.|^vision_model\.head\.(layernorm|attention\.out_proj|mlp)/,
  },
  {
    name: 'defaults',
    options: {},
    unfreezes:
      /encoder\.layers?\.\d\.|^pooler\.|^(text|visual)_projection|post_layernorm|final_layer_norm|^layernorm\.|^text_model\.head\.|^vision_model\.head\.(layernorm|attention\.out_proj|mlp)/,
  },
]);
