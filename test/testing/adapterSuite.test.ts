import { afterAll, describe, expect, it, test } from 'vitest';
import { defineAdapter } from '../../adapters/adapter.js';
import { bottleneck } from '../../adapters/bottleneck.js';
import { ladder } from '../../adapters/ladder.js';
import { shortcut } from '../../adapters/shortcut.js';
import { ssf } from '../../adapters/ssf.js';
import { tf } from '../../src/engine/index.js';
import { ones } from '../../src/nn/parameters.js';
import { adapterSuites, runSuites, tinySubjects } from '../../src/testing/index.js';

// Adapters that keep to the rules pass on the backbones that come with the suite.
for (const adapter of [ssf, bottleneck, ladder, shortcut] as const)
  runSuites(adapterSuites(adapter as typeof ssf), { describe, test, after: afterAll });

/** One that breaks several rules. */
const wrong = defineAdapter<object>({
  kind: 'wrong',
  description: 'Doubles the last outputs, and has a parameter for nothing.',
  source: 'nowhere',
  schema: { type: 'object', additionalProperties: false, properties: {} },
  plan: ({ sites }) => ({
    parameters: ['used', 'unused'].map((name) => ({ name, shape: [1], initializer: ones })),
    sites: sites.filter(({ name }) => name.endsWith('layers.1.ffn.output')).map(({ name }) => name),
    taps: [],
    unfrozen: [],
  }),
  apply: ({ output }, { parameters }) =>
    tf.add(tf.mul(output, tf.add(parameters('used'), 1)), tf.mul(parameters('unused'), 0)),
  parameterCount: () => 3,
});

it('says which rules an adapter breaks', async () => {
  const [suite] = adapterSuites(wrong, { subjects: [tinySubjects[0]] });
  const told = new Map<string, string>();
  for (const { name, run } of suite!.checks) {
    const error = await Promise.resolve(run()).then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    if (error) told.set(name, error.message);
  }
  suite!.dispose();
  expect([...told.keys()]).toEqual([
    'starts as the identity',
    'trains as many parameters as its formula says',
    'has the gradients of finite differences, and no parameter without effect',
  ]);
  expect([...told.values()].join('\n')).toMatch(/parameterCount beside the plan:[\s\S]*unused has no effect/);
});

it('says where a backbone should be refused and is not', async () => {
  const variants = [{ name: 'refused', options: {}, refused: /bert/ }];
  const [suite] = adapterSuites(wrong, { variants, subjects: [tinySubjects[0]] });
  const [check, ...others] = suite!.checks;
  expect(others).toEqual([]);
  await expect(check!.run()).rejects.toThrow('the backbone was not refused');
  suite!.dispose();
});
