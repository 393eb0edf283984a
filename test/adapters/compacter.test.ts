import { describe, expect, test } from 'vitest';
import { type CompacterOptions, compacter } from '../../adapters/compacter.js';
import { singleStream } from '../../src/backbones/singleStream/model.js';
import { UsageError } from '../../src/base/errors.js';
import { startEngine, tf } from '../../src/engine/index.js';
import { expectClose } from '../parity/readParity.js';
import { describeConformance } from './conformance.js';
import { complaints, describeHub, hubFolder, shapeOf } from './hubParity.js';
import { attach, completeOptions, initialise, loadSubject, run, toDevice } from './subjects.js';

const optionsOf = (options: Parameters<typeof completeOptions>[1]) =>
  completeOptions(compacter as never, options) as unknown as CompacterOptions;

describeHub(compacter, 'hub_compacter');
describeHub(compacter, 'hub_compacter_plus_plus');

describe('a compacter of the adapters library', () => {
  test('is refused with every switch that has no counterpart', () => {
    const folder = hubFolder('hub_compacter', {
      learn_phm: false,
      phm_bias: false,
      shared_phm_rule: false,
      factorized_phm_rule: true,
      shared_W_phm: true,
      factorized_phm_W: false,
      scaling: 2,
      phm_rank: 0,
      phm_dim: 2.5,
    });
    expect([...complaints(compacter, folder)].sort()).toEqual(
      [
        ...['learn_phm', 'phm_bias', 'shared_phm_rule', 'factorized_phm_rule', 'shared_W_phm'],
        ...['factorized_phm_W', 'scaling', 'phm_rank', 'phm_dim'],
      ]
        .map((key) => `/config/${key}`)
        .sort(),
    );
  });

  // from a model without a head the library leaves it out
  test('is refused without the matrices that all its layers share', () => {
    const { config, tensors } = hubFolder('hub_compacter');
    const without = new Map([...tensors].filter(([name]) => !name.endsWith('phm_rule')));
    expect(complaints(compacter, { config, tensors: without })).toEqual(['rule']);
  });
});

/**
 * The paper's sizes: 0.073 % of T5-base for Compacter, 0.047 % for Compacter++ (table 1). T5-base has 24 layers of the
 * width of BERT-base's 12, trains its 62 LayerNorms (scales only) as well, and has 222.9 million parameters.
 */
test.each([
  [['attention', 'ffn'], 0.073],
  [['ffn'], 0.047],
])('has the size of the paper: %j, %f %%', (sites, percent) => {
  const base = singleStream.open({ model_type: 'bert' }).shape;
  const options = optionsOf({ sites });
  const [layers, rule] = [compacter.parameterCount(base, options) - 4 ** 3, 4 ** 3];
  expect((100 * (2 * layers + rule + 62 * 768)) / 222_903_552).toBeCloseTo(percent, 3);
});

test('takes only a number of products that divides hidden size and width', () => {
  const plan = (name: string, options: Parameters<typeof completeOptions>[1]) => () =>
    compacter.plan(shapeOf(name), optionsOf(options));
  expect(plan('CLIPModel', { phmDimension: 3 })).toThrow(UsageError);
  expect(plan('CLIPModel', { phmDimension: 3 })).toThrow('hidden size 32 is not a multiple of 3');
  expect(plan('BertModel', { width: 6 })).toThrow('/width: a width of 6; a multiple of phmDimension, 4');
});

test.each(['BertModel', 'CLIPModel'])(
  'starts from the frozen model, to within rounding: %s',
  async (name) => {
    await startEngine();
    tf.tidy(() => {
      const subject = loadSubject(name);
      const attached = attach(subject, compacter as never, {});
      const [adapted, frozen] = [
        run(subject, { attached, adapters: toDevice(initialise(subject, attached)) }),
        run(subject),
      ].map(({ fused, picture }) => (fused ?? picture!).hidden.dataSync());
      expectClose(adapted!, frozen!, 3e-6);
    });
  },
);

// its matrices start near zero, not at zero
const changesAtStart = true;

describeConformance(compacter, [
  { name: 'defaults', options: {}, changesAtStart },
  {
    name: 'Compacter++, last layer, rank 2',
    options: {
      sites: ['ffn'],
      layers: [1],
      phmDimension: 2,
      rank: 2,
      reductionFactor: 4,
      activation: 'silu',
    },
    changesAtStart,
  },
  { name: 'pfeiffer', options: { variant: 'pfeiffer', width: 8 }, changesAtStart },
]);
