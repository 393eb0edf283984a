import { expect, test } from 'vitest';
import { type BitfitOptions, bitfit } from '../../adapters/bitfit.js';
import { singleStream } from '../../src/backbones/singleStream/model.js';
import { startEngine } from '../../src/engine/index.js';
import { createCollator } from '../../src/model/batch.js';
import { countParameters } from '../../src/nn/parameters.js';
import { createStep } from '../shipped.js';
import { toyExamples, toyModel, toyProcessor, toyTraining } from '../training/toy.js';
import { describeConformance } from './conformance.js';
import { testUnfrozenGradients } from './unfrozenParity.js';

const base = singleStream.open({ model_type: 'bert' }).shape;
const count = (options: Partial<BitfitOptions> = {}) =>
  bitfit.parameterCount(base, { layers: 'all', which: 'all', ...options });

testUnfrozenGradients(bitfit);

test('has the size of the paper on BERT-base: under 0.1 %, its half 0.04 %', () => {
  const [h, i, layers] = [768, 3072, 12];
  expect(count()).toBe(layers * (7 * h + i) + 2 * h);
  expect(count({ which: 'query-and-intermediate' })).toBe(layers * (h + i));
  const share = (part: number) => (100 * part) / countParameters(base.parameters);
  expect(share(count())).toBeLessThan(0.1);
  expect(share(count({ which: 'query-and-intermediate' }))).toBeCloseTo(0.04, 2);
});

test('trains the parameters that the official code names: all with "bias", or the two of each layer', () => {
  const names = (options: Partial<BitfitOptions>) =>
    bitfit.plan(base, { layers: 'all', which: 'all', ...options }).unfrozen;
  const all = base.parameters.map(({ name }) => name);
  expect(names({})).toEqual(all.filter((name) => name.includes('bias')));
  expect(names({ which: 'query-and-intermediate', layers: [3] })).toEqual([
    'encoder.layer.3.attention.self.query.bias',
    'encoder.layer.3.intermediate.dense.bias',
  ]);
});

test('moves the biases in a step of training, and only them', async () => {
  await startEngine();
  const model = toyModel({ adapters: [{ kind: 'bitfit', layers: 'all', which: 'all' }] });
  const before = await model.read();
  const step = createStep(model, toyTraining);
  const collator = createCollator(model.parts.task, toyProcessor);
  const batch = await collator.collate(toyExamples(16, 'train'), { training: true, seed: [1] });
  await step.run({ batch, seed: [1, 1], weight: 1, update: { learningRate: 0.01, step: 1 } });
  const after = await model.read();
  const trained = [...after.keys()].filter((name) => name.startsWith('backbone.'));
  expect(trained.filter((name) => !name.endsWith('.bias'))).toEqual([]);
  const still = trained.filter((name) =>
    Buffer.from(after.get(name)!.data.buffer).equals(Buffer.from(before.get(name)!.data.buffer)),
  );
  // softmax takes what a key bias adds off again
  expect(still.filter((name) => !name.endsWith('key.bias'))).toEqual([]);
  step.dispose();
  model.dispose();
});

describeConformance(bitfit, [
  { name: 'defaults', options: {}, unfreezes: /\.bias$/ },
  { name: 'last layer', options: { layers: [1] }, unfreezes: /encoder\.layers?\.1\..*\.bias$/ },
  {
    name: 'query and intermediate',
    options: { which: 'query-and-intermediate' },
    unfreezes: /(query|q_proj|intermediate\.dense|\d\.mlp\.fc1)\.bias$/,
  },
]);
