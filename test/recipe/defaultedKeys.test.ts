import { readFileSync } from 'node:fs';
import { parse } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { parsePath, valueAt } from '../../src/recipe/path.js';
import type { WrittenRecipe } from '../../src/recipe/recipe.js';
import { shippedRecipes } from '../../src/recipe/shipped.js';
import { defaultedKeys, resolveRecipe } from '../shipped.js';

const inputs = shippedRecipes().map(({ name, file }) => [name, parse(readFileSync(file, 'utf8'))] as const);
const complete = (input: unknown) => resolveRecipe(input, { files: false });

/** A copy without these keys, those inside first. */
function without(value: unknown, keys: readonly string[]): unknown {
  const copy = structuredClone(value);
  for (const key of keys) {
    const path = parsePath(key)!;
    const owner = valueAt(copy, path.slice(0, -1)) as Record<string | number, unknown>;
    delete owner[path.at(-1)!];
  }
  return copy;
}

describe('the keys that a recipe left at their defaults', () => {
  it.each(inputs)('%s: without them it is the same recipe', (_, input: WrittenRecipe) => {
    const recipe = complete(input);
    const keys = defaultedKeys(recipe);
    expect(keys.length).toBeGreaterThan(10);
    expect(complete(without(recipe, keys))).toEqual(recipe);
  });

  it('are told from those that say something else', () => {
    const [, input] = inputs.find(([name]) => name === 'vqa-bottleneck')!;
    const changed = complete({
      ...input,
      seed: 3,
      output: 'elsewhere',
      adapters: [{ kind: 'bottleneck', reductionFactor: 4, dropout: 0.5 }],
    });
    const keys = defaultedKeys(changed);
    expect(keys).toEqual(expect.arrayContaining(['adapters[0].variant', 'training.optimizer.beta1']));
    for (const key of ['seed', 'output', 'adapters[0].kind', 'adapters[0].dropout', 'data.train.images'])
      expect(keys).not.toContain(key);
    expect(defaultedKeys(complete(input))).toEqual(expect.arrayContaining(['seed', 'output']));
  });
});
