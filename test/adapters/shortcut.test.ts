import { expect, test } from 'vitest';
import { type ShortcutOptions, shortcut } from '../../adapters/shortcut.js';
import type { BackboneOutput, StreamOutput } from '../../src/backbones/backbone.js';
import { singleStream } from '../../src/backbones/singleStream/model.js';
import { startEngine, tf } from '../../src/engine/index.js';
import { describeConformance } from './conformance.js';
import { attach, completeOptions, initialise, loadSubject, run, toDevice } from './subjects.js';

const base = singleStream.open({ model_type: 'bert' }).shape;
const taps = base.taps.map(({ name }) => name);

// a ladder of 12 layers on BERT-base (Sung et al. 2022), which leaves the pooled output alone: 768 · r less
test.each([
  [8, 2.37],
  [4, 7.4],
])('has the size of a 12-layer ladder, r = %i: %fM', (reductionFactor, millions) => {
  const given = { depth: 12, reductionFactor, reads: taps };
  const options = completeOptions(shortcut as never, given) as unknown as ShortcutOptions;
  const pooledUp = (768 * 768) / reductionFactor;
  expect((shortcut.parameterCount(base, options) - pooledUp) / 1e6).toBeCloseTo(millions, 2);
});

test('takes as many heads as divide its width', () => {
  const plan = (given: Record<string, number>) =>
    shortcut.plan(base, completeOptions(shortcut as never, given) as unknown as ShortcutOptions);
  expect(() => plan({ reductionFactor: 768 })).not.toThrow();
  expect(() => plan({ heads: 5 })).toThrow("5 heads do not divide the shortcut's width 96");
});

test('token-wise projections of towers follow what it makes of the hidden states', async () => {
  await startEngine();
  const subject = loadSubject('CLIPModel');
  tf.tidy(() => {
    const attached = attach(subject, shortcut as never);
    const moved = run(subject, {
      attached,
      adapters: toDevice(initialise(subject, attached, 0.2)),
    }) as Required<BackboneOutput>;
    const frozen = run(subject) as Required<BackboneOutput>;
    const tokens = ({ hidden, project }: StreamOutput) => [...project!(hidden).dataSync()];
    expect(tokens(moved.text)).not.toEqual(tokens(frozen.text));
    expect(tokens(moved.picture)).not.toEqual(tokens(frozen.picture));
    expect(tokens({ ...frozen.text, hidden: moved.text.hidden })).toEqual(tokens(moved.text));
  });
});

describeConformance(shortcut, [
  { name: 'defaults', options: {} },
  {
    name: 'gated ladder',
    options: { depth: 2, reductionFactor: 4, reads: ['hidden.0', 'hidden.1', 'hidden.2'], fusion: 'gate' },
  },
]);
