import { expect, test } from 'vitest';
import { type SsfOptions, ssf } from '../../adapters/ssf.js';
import { singleStream } from '../../src/backbones/singleStream/model.js';
import { describeConformance } from './conformance.js';
import { completeOptions } from './subjects.js';

// Lian et al. 2022: a scale and a shift for each output of a layer, but for the shift of keys, which softmax takes off
test('has two parameters for each output of BERT-base, one for keys', () => {
  const options = completeOptions(ssf as never, {}) as unknown as SsfOptions;
  const outputs = 768 + 768 + 768 + 768 + 3072 + 768;
  const bert = singleStream.open({ model_type: 'bert' }).shape;
  expect(ssf.parameterCount(bert, options)).toBe(12 * (2 * outputs - 768));
});

describeConformance(ssf, [
  { name: 'defaults', options: {} },
  { name: 'values of the last layer', options: { sites: ['layers.1.attention.value'] } },
]);
