import { describe, expect, it } from 'vitest';
import { adapters } from '../../adapters/index.js';
import { benchEntries } from '../../bench/adapterEntries.js';
import { readRecipe } from '../../src/recipe/load.js';
import { resolveRecipe } from '../shipped.js';

const kinds = adapters.map(({ kind }) => kind);

describe('the adapters that bench:adapters compares', () => {
  it('are all there are, and the head alone', () => {
    const names = benchEntries.map(({ name }) => name);
    expect(['none', ...kinds].filter((kind) => !names.includes(kind))).toEqual([]);
  });

  it.each(benchEntries.filter(({ name }) => kinds.includes(name)))(
    '$name has options that are right',
    (entry) => {
      const { input } = readRecipe('vqa-head-only');
      const recipe = { ...(input as object), adapters: entry.adapters };
      expect(resolveRecipe(recipe, { files: false }).adapters[0]).toMatchObject(entry.adapters[0]!);
    },
  );
});
