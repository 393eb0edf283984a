import { expect, test } from 'vitest';
import type { Adapter } from '../../adapters/adapter.js';
import type { Json } from '../../src/base/json.js';
import { fromHost, startEngine, type Tensor, tf } from '../../src/engine/index.js';
import { expectClose, readCase } from '../parity/readParity.js';
import { attach, loadSubject, runJoint } from './subjects.js';

/** Holds the gradients of all that an adapter unfreezes in BertModel against those of transformers. */
export function testUnfrozenGradients<Options>(
  adapter: Adapter<Options>,
  options: Readonly<Record<string, Json>> = {},
): void {
  test('what it unfreezes has the gradients of transformers', async () => {
    await startEngine();
    tf.tidy(() => {
      const subject = loadSubject('BertModel');
      const golden = readCase('BertModel');
      const attached = attach(subject, adapter as Adapter<unknown>, options);
      // the objective does not see the pooler
      const names = attached[0]!.plan.unfrozen.filter((name) => !name.startsWith('pooler'));
      const weight = fromHost(golden.inputs.get('grad_weight')!);
      const objective = (...xs: Tensor[]) => {
        const weights = new Map(subject.weights);
        for (const [i, name] of names.entries()) weights.set(name, xs[i]!);
        return tf.sum(tf.mul(runJoint(subject, { attached, weights }).hidden, weight)).asScalar();
      };
      const gradients = tf.grads(objective)(names.map((name) => subject.weights.get(name)!));
      expect(names.length).toBeGreaterThan(3);
      for (const [i, name] of names.entries()) {
        const expected = golden.gradients.get(name)!;
        expectClose(gradients[i]!.dataSync(), expected.data, golden.case.gradients!.tolerance);
      }
    });
  });
}
