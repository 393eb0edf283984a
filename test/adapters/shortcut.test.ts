import { expect, test } from 'vitest';
import { type ShortcutOptions, shortcut } from '../../adapters/shortcut.js';
import { singleStream } from '../../src/backbones/singleStream.js';
import { completeOptions } from './subjects.js';

const base = singleStream.shape({ model_type: 'bert' });
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
