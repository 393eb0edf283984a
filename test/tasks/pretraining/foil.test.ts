import { expect, test } from 'vitest';
import { createRandom } from '../../../src/base/random.js';
import type { CaptionExample } from '../../../tasks/examples.js';
import { foilOf } from '../../../tasks/pretraining/views/foil.js';

function shown(id: string, caption: string, ...names: readonly string[]): CaptionExample {
  const picture = { id, path: `${id}.png`, labels: names.map((_, at) => at), labelNames: names };
  return { id, caption, captions: [caption], picture };
}

const owl = shown('1', 'An owl and two boxing gloves.', 'owl', 'boxing glove', 'boxing glove');
const cat = shown('2', 'A cat by a dog', 'cat', 'dog');
const elephant = shown('3', 'An elephant with three Pizzas', 'elephant', 'pizza', 'pizza', 'pizza');

/** Every foil that 40 draws give. */
function foils(example: CaptionExample, batch: readonly CaptionExample[]): string[] {
  const draws = Array.from({ length: 40 }, (_, seed) => foilOf(example, batch, createRandom('foil', seed)));
  return [...new Set(draws.map(String))].sort();
}

test('exchanges the name of one thing for one that fits the sentence', () => {
  expect(foils(owl, [owl, cat, elephant])).toEqual([
    'An elephant and two boxing gloves.',
    'An owl and two Pizzas.',
  ]);
});

test('takes no thing that the picture shows', () => {
  const both = shown('4', 'A cat', 'cat', 'dog');
  expect(foils(both, [both, cat])).toEqual(['undefined']);
});

test('has none where nothing is named, or no name fits', () => {
  expect(foils(shown('5', 'Three cattle in a dogcart', 'cat', 'dog'), [owl, cat])).toEqual(['undefined']);
  expect(foils(owl, [owl, cat])).toEqual(['undefined']);
  const { labels, labelNames, ...picture } = cat.picture;
  expect(foils({ ...cat, picture }, [owl, elephant])).toEqual(['undefined']);
});
