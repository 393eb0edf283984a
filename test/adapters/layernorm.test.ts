import { expect, test } from 'vitest';
import { layernorm } from '../../adapters/layernorm.js';
import { singleStream } from '../../src/backbones/singleStream/model.js';
import { describeConformance } from './conformance.js';
import { testUnfrozenGradients } from './unfrozenParity.js';

testUnfrozenGradients(layernorm);

test('has two LayerNorms a layer and that of the embeddings: 38,400 parameters of BERT-base', () => {
  const base = singleStream.open({ model_type: 'bert' }).shape;
  expect(layernorm.parameterCount(base, { layers: 'all' })).toBe((12 * 2 + 1) * 2 * 768);
});

describeConformance(layernorm, [
  { name: 'defaults', options: {}, unfreezes: /(layer_?norm|layrnorm)(\d|_before|_after)?\.(weight|bias)$/i },
  {
    name: 'first layer',
    options: { layers: [0] },
    unfreezes: /encoder\.layers?\.0\..*layer_?norm(\d|_before|_after)?\.(weight|bias)$/i,
  },
]);
