import { expect, test } from 'vitest';
import { createRandom } from '../../../src/base/random.js';
import { maskTokens } from '../../../tasks/pretraining/views/maskTokens.js';

const MASK = 4;
const tokenizer = { vocabularySize: 1000, specialId: () => MASK };
const special = new Set([0, 2, 3, 4]);
const text = Int32Array.from([2, ...Array.from({ length: 20 }, (_, i) => 100 + i), 3]);

const many = Array.from({ length: 2000 }, (_, i) =>
  maskTokens(text, tokenizer, special, 0.15, createRandom('masks', i)),
);

test('chooses the share of the tokens that was asked for, specials apart', () => {
  for (const { labels, inputIds } of many) {
    expect([...labels].filter((label) => label !== -100)).toHaveLength(3);
    expect([labels[0], labels[21], inputIds[0], inputIds[21]]).toEqual([-100, -100, 2, 3]);
  }
});

test('hides 80 %, replaces 10 %, keeps 10 % of the chosen tokens', () => {
  const fates = many.flatMap(({ inputIds, labels }) =>
    [...labels.keys()]
      .filter((place) => labels[place] !== -100)
      .map((place) => {
        expect(labels[place]).toBe(text[place]);
        if (inputIds[place] === MASK) return 'hidden';
        return inputIds[place] === text[place] ? 'kept' : 'replaced';
      }),
  );
  const share = (fate: string) => fates.filter((one) => one === fate).length / fates.length;
  // 6000 draws: one standard deviation is 0.005 and 0.004
  expect(share('hidden')).toBeCloseTo(0.8, 1);
  expect(share('replaced')).toBeCloseTo(0.1, 1);
  expect(Math.abs(share('hidden') - 0.8)).toBeLessThan(0.02);
  expect(Math.abs(share('replaced') - 0.1)).toBeLessThan(0.02);
});

test('leaves the tokens that were not chosen as they are', () => {
  for (const { inputIds, labels } of many) {
    for (const [place, id] of text.entries()) if (labels[place] === -100) expect(inputIds[place]).toBe(id);
  }
});

test('predicts at least one token of a short text, and none of an empty one', () => {
  const masked = (ids: number[]) =>
    maskTokens(Int32Array.from(ids), tokenizer, special, 0.15, createRandom(1)).labels;
  expect([...masked([2, 50, 3])]).toEqual([-100, 50, -100]);
  expect([...masked([2, 3])]).toEqual([-100, -100]);
});
