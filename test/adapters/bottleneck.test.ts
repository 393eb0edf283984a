import { beforeAll, expect, test } from 'vitest';
import { type BottleneckOptions, bottleneck } from '../../adapters/bottleneck.js';
import { singleStream } from '../../src/backbones/singleStream.js';
import { fromHost, startEngine, type Tensor, tf } from '../../src/engine/index.js';
import { countParameters } from '../../src/nn/parameters.js';
import { expectClose, readCase } from '../parity/readParity.js';
import { describeConformance } from './conformance.js';
import { attach, completeOptions, loadSubject, runJoint, type Subject } from './subjects.js';

beforeAll(async () => {
  await startEngine();
});

/** Names of the `adapters` library -> names here. */
const renamed = (name: string): string =>
  name
    .replace(/^encoder\.layer\.(\d+)\.attention\.output\./, 'layers.$1.attention.output.')
    .replace(/^encoder\.layer\.(\d+)\.output\./, 'layers.$1.ffn.output.')
    .replace('adapters.demo.adapter_down.0.', 'down.')
    .replace('adapters.demo.adapter_up.', 'up.');

const golden = readCase('adapters/hub_double_seq_bn');
const config = golden.config.config as { reduction_factor: number; non_linearity: 'swish' };

/** The Houlsby adapter of the library: the same places, its activation. */
function loadGolden(subject: Subject) {
  const attached = attach(subject, bottleneck as never, {
    reductionFactor: config.reduction_factor,
    activation: config.non_linearity === 'swish' ? 'silu' : config.non_linearity,
  });
  const own = new Map([...golden.tensors].map(([name, tensor]) => [renamed(name), fromHost(tensor)]));
  expect([...own.keys()].sort()).toEqual(attached[0]!.plan.parameters.map(({ name }) => name).sort());
  return { attached, own };
}

test('computes what the adapters library computes with the same weights', () => {
  tf.tidy(() => {
    const subject = loadSubject('BertModel');
    const { attached, own } = loadGolden(subject);
    const { hidden, pooled } = runJoint(subject, { attached, adapters: new Map([['bottleneck', own]]) });
    expectClose(hidden.dataSync(), golden.outputs.get('last_hidden_state')!.data, golden.case.tolerance);
    expectClose(pooled.dataSync(), golden.outputs.get('pooler_output')!.data, golden.case.tolerance);
  });
});

test('has the gradients of the adapters library', () => {
  tf.tidy(() => {
    const subject = loadSubject('BertModel');
    const { attached, own } = loadGolden(subject);
    const weight = fromHost(readCase('BertModel').inputs.get('grad_weight')!);
    const names = [...own.keys()];
    const objective = (...xs: Tensor[]) => {
      const adapters = new Map([['bottleneck', new Map(names.map((name, index) => [name, xs[index]!]))]]);
      return tf.sum(tf.mul(runJoint(subject, { attached, adapters }).hidden, weight)).asScalar();
    };
    const gradients = tf.grads(objective)([...own.values()]);
    const { tolerance } = golden.case.gradients!;
    for (const [stored, expected] of golden.gradients) {
      if (stored === 'objective') continue;
      expectClose(gradients[names.indexOf(renamed(stored))]!.dataSync(), expected.data, tolerance);
    }
  });
});

// CAVL's sizes for BERT-base, in millions of parameters
test.each([
  [48, 1.79],
  [64, 2.38],
  [96, 3.56],
])('has the size of CAVL on BERT-base: width %i, %fM', (width, millions) => {
  const base = singleStream.shape({ model_type: 'bert' });
  const options = completeOptions(bottleneck as never, { width }) as unknown as BottleneckOptions;
  expect(bottleneck.parameterCount(base, options) / 1e6).toBeCloseTo(millions, 2);
  expect(countParameters(bottleneck.plan(base, options).parameters)).toBe(
    bottleneck.parameterCount(base, options),
  );
});

describeConformance(bottleneck, [
  { name: 'defaults', options: {} },
  {
    name: 'last layer, LayerNorms too',
    options: { layers: [1], reductionFactor: 4, trainLayerNorm: true },
    unfreezes: /encoder\.layers?\.1\..*layer_?norm/i,
  },
  { name: 'feed-forward only', options: { sites: ['ffn'], width: 5, activation: 'silu' } },
]);
