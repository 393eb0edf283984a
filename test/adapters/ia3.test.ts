import { expect, test } from 'vitest';
import { ia3 } from '../../adapters/ia3.js';
import type { Ia3Options } from '../../adapters/parts/ia3Options.js';
import { singleStream } from '../../src/backbones/singleStream/model.js';
import { float32 } from '../../src/base/hostTensor.js';
import { describeConformance } from './conformance.js';
import { describePeft, peftFormat } from './peftGolden.js';
import { completeOptions } from './subjects.js';

const base = singleStream.open({ model_type: 'bert' }).shape;

// Liu et al. 2022, section 3.3: d_k + d_v + d_ff for each layer
test('has the size of the paper: L · (d_k + d_v + d_ff)', () => {
  const options = completeOptions(ia3 as never, {}) as unknown as Ia3Options;
  expect(ia3.parameterCount(base, options)).toBe(12 * (768 + 768 + 3072));
});

test('names every pattern that fits nothing, and refuses to scale nothing', () => {
  expect(() => ia3.plan(base, { outputs: ['attention.keys'], inputs: ['ffn.out'] })).toThrow(
    /\/outputs\/0: no linear layer is called 'attention\.keys'[\s\S]*\/inputs\/0: no linear layer/,
  );
  expect(() => ia3.plan(base, { outputs: [], inputs: [] })).toThrow(/nothing is scaled/);
});

test('says that PEFT has no layer whose output and input are scaled', () => {
  const options = { outputs: ['layers.0.ffn.output'], inputs: ['layers.{0-1}.ffn.output'] };
  const parameters = new Map(
    ia3.plan(base, options).parameters.map(({ name, shape }) => [name, float32(shape)]),
  );
  expect(() => peftFormat(ia3).write({ options, parameters }, base)).toThrow(
    /of 'layers\.0\.ffn\.output' both are scaled/,
  );
});

describePeft(ia3 as never, 'peft_ia3');

describeConformance(ia3, [
  { name: 'defaults', options: {} },
  {
    name: 'query and intermediate too',
    options: { outputs: ['attention.*', 'ffn.intermediate'], inputs: ['ffn.output'] },
  },
  { name: 'inputs alone', options: { outputs: [], inputs: ['attention.query', 'ffn.output'] } },
]);
