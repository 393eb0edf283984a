import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRecipe } from '../../src/recipe/load.js';
import { shippedRecipes } from '../../src/recipe/shipped.js';
import { resolveRecipe } from '../shipped.js';
import { problemsOf } from './recipeFolder.js';

const recipes = shippedRecipes();

describe('shipped recipes', () => {
  it('are those that the documentation names', () => {
    expect(recipes.map(({ name }) => name)).toEqual([
      'grounding-bottleneck',
      'grounding-head-only',
      'grounding-shortcut',
      'multi-vqa-nlvr',
      'nlvr-bottleneck',
      'nlvr-head-only',
      'nlvr-shortcut',
      'phrase-grounding-bottleneck',
      'phrase-grounding-head-only',
      'phrase-grounding-shortcut',
      'pretrain-scenes-tiny',
      'retrieval-bottleneck',
      'retrieval-head-only',
      'retrieval-shortcut',
      'retrieval-zero-shot',
      'vcr-bottleneck',
      'vcr-head-only',
      'vcr-shortcut',
      'vqa-both',
      'vqa-bottleneck',
      'vqa-head-only',
      'vqa-shortcut',
    ]);
  });

  it.each(recipes)('$name is right, and named after its file', ({ name, file }) => {
    const { input, source } = readRecipe(name);
    const recipe = resolveRecipe(input, { source, files: false });
    expect(recipe.name).toBe(basename(file, '.json'));
    expect(recipe.output).toBe(`runs/${name}`);
  });

  it.each(recipes)('$name points editors to the schema', ({ file }) => {
    const { $schema } = JSON.parse(readFileSync(file, 'utf8')) as { $schema: string };
    expect(existsSync(join(dirname(file), $schema))).toBe(true);
  });

  it('are found by the nearest name', () => {
    expect(problemsOf(() => readRecipe('vqa-bottelneck'))).toEqual([
      'there is no file and no shipped recipe "vqa-bottelneck"; did you mean "vqa-bottleneck"?',
    ]);
    expect(problemsOf(() => readRecipe('nowhere/recipe.json'))).toEqual([
      'nowhere/recipe.json: there is no such file; vlgraft recipes ls lists the shipped ones',
    ]);
  });
});
