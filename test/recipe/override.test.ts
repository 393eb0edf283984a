import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyOverrides } from '../../src/recipe/override.js';
import { parseRecipe } from '../../src/recipe/source.js';
import { resolveRecipe } from '../shipped.js';
import { makeRecipeFolder, minimal, problemsOf, resolveText } from './recipeFolder.js';

let place: ReturnType<typeof makeRecipeFolder>;
beforeAll(() => {
  place = makeRecipeFolder();
});
afterAll(() => place.remove());

const inputAfter = (...settings: string[]) => applyOverrides(parseRecipe(minimal, 'r.json'), settings).input;

describe('--set', () => {
  it.each([
    ['training.epochs=7', { training: { epochs: 7 } }],
    [
      'training.optimizer.learningRate=1e-4', // of the optimizer that a recipe without one has
      { training: { epochs: 2, optimizer: { kind: 'adamw', learningRate: 1e-4 } } },
    ],
    ['adapters[0].reductionFactor=8', { adapters: [{ kind: 'bottleneck', reductionFactor: 8 }] }],
    ['adapters[1].kind=shortcut', { adapters: [{ kind: 'bottleneck' }, { kind: 'shortcut' }] }],
    ['adapters=[]', { adapters: [] }],
    ['name=other', { name: 'other' }],
    ['name="8"', { name: '8' }],
    ['output=runs/a=b', { output: 'runs/a=b' }],
  ])('%s', (setting, expected) => {
    expect(inputAfter(setting)).toMatchObject(expected);
  });

  it('takes out the key that the one it sets stands instead of', () => {
    expect(inputAfter('training.maxSteps=9')).toMatchObject({ training: { maxSteps: 9 } });
    expect(inputAfter('training.maxSteps=9')).not.toHaveProperty('training.epochs');
    const created = inputAfter('backbone.create.model_type=bert');
    expect(created).toMatchObject({ backbone: { create: { model_type: 'bert' } } });
    expect(created).not.toHaveProperty('backbone.from');
    expect(inputAfter('training.maxSteps=9', 'training.epochs=1')).toMatchObject({
      training: { maxSteps: 9, epochs: 1 },
    });
  });

  it('applies in order', () => {
    expect(inputAfter('name=a', 'name=b')).toMatchObject({ name: 'b' });
  });

  it('tells every one that can not be applied', () => {
    expect(
      problemsOf(() => inputAfter('epochs', 'a..b=1', 'name.x=1', 'adapters[5].kind=x', 'adapters.x=1')),
    ).toEqual([
      expect.stringContaining('--set epochs: this is not a setting'),
      expect.stringContaining('--set a..b=1: this is not a setting'),
      expect.stringContaining('--set name.x=1: name is not an object and has no key "x"'),
      expect.stringContaining(
        '--set adapters[5].kind=x: adapters has 1 item and no item 5; adapters[1] for a new one',
      ),
      expect.stringContaining('--set adapters.x=1: adapters is a list and has no key "x"'),
    ]);
  });

  it('is named by the problems that it causes', () => {
    const settings = ['training.epochs=many', 'adapters[0].widht=3', 'data.train.images=nowhere'];
    expect(problemsOf(() => resolveText(minimal, place.folder, settings)).sort()).toEqual([
      '--set adapters[0].widht=3 adapters[0].widht: unknown key; did you mean "width"?',
      expect.stringContaining(
        '--set data.train.images=nowhere data.train.images: there is no file or folder',
      ),
      '--set training.epochs=many training.epochs: it is a string ("many"); expected a number',
    ]);
  });

  it.each([
    ['[{"id": 1}]', 'an array ([{"id":1}])'],
    ['5', 'a number (5)'],
    ['null', 'null'],
  ])('is not blamed where %s stands in the place of a recipe', (text, what) => {
    expect(problemsOf(() => resolveText(text, place.folder, ['seed=1', 'training.epochs=2']))).toEqual([
      `r.json:1:1: it is ${what}; expected an object`,
    ]);
  });

  it('is named where it made the unknown key that is told', () => {
    expect(problemsOf(() => resolveText(minimal, place.folder, ['bakbone.from=x']))).toEqual([
      '--set bakbone.from=x bakbone: unknown key; did you mean "backbone"?',
    ]);
  });
});

it.each(['constructor', 'toString', 'hasOwnProperty', '__proto__x'])(
  'a key called %s is unknown, no more',
  (key) => {
    const parsed = applyOverrides(parseRecipe(minimal, 'r.json'), [`training.${key}=1`]);
    expect(() => resolveRecipe(parsed.input, { source: parsed.source, files: false })).toThrow(
      new RegExp(`training\\.${key}: unknown key`),
    );
  },
);
