import { expect, test } from 'vitest';
import { parallel } from '../../adapters/parallel.js';
import { startEngine, tf } from '../../src/engine/index.js';
import { expectClose } from '../parity/readParity.js';
import { describeConformance } from './conformance.js';
import { complaints, describeHub, hubFolder } from './hubParity.js';
import { attach, initialise, loadSubject, run, toDevice } from './subjects.js';

describeHub(parallel, 'hub_par_bn');
describeHub(parallel, 'hub_par_bn_learned');
describeHub(parallel, 'hub_clip_par_bn', 'CLIPModel');

test('of the adapters library is refused with every switch that has no counterpart', () => {
  const folder = hubFolder('hub_par_bn', { phm_layer: true, use_gating: true, original_ln_after: false });
  expect(complaints(parallel, folder)).toEqual(
    ['original_ln_after', 'use_gating', 'phm_layer'].map((key) => `/config/${key}`),
  );
});

test.each([
  ['BertModel', 0],
  ['CLIPModel', 1e-3],
])('reads before or behind the LayerNorm, which differs where that comes first: %s', async (name, least) => {
  await startEngine();
  tf.tidy(() => {
    const subject = loadSubject(name);
    const outputs = (['input', 'residual'] as const).map((reads) => {
      const attached = attach(subject, parallel as never, { reads });
      const { fused, picture } = run(subject, {
        attached,
        adapters: toDevice(initialise(subject, attached, 0.2)),
      });
      return (fused ?? picture!).hidden.dataSync();
    });
    if (least === 0) expectClose(outputs[0]!, outputs[1]!, 0);
    else expect(() => expectClose(outputs[0]!, outputs[1]!, least)).toThrow();
  });
});

// ReLU's kinks defeat finite differences: its gradients are held against those of the adapters library
describeConformance(parallel, [
  { name: 'defaults', options: {}, detached: /./ },
  {
    name: 'both modules, last layer, learned scale',
    options: { sites: ['attention', 'ffn'], layers: [1], learnedScale: true, width: 5, activation: 'gelu' },
  },
  {
    name: 'reads the residual',
    options: { reads: 'residual', reductionFactor: 8, activation: 'tanh' },
  },
]);
