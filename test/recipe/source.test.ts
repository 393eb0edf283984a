import { describe, expect, it } from 'vitest';
import { parseRecipe } from '../../src/recipe/source.js';
import { problemsOf } from './recipeFolder.js';

describe('the text of a recipe', () => {
  it('may have comments, trailing commas and a byte order mark', () => {
    const text = '\uFEFF{\n  // why\n  "name": "a", /* so */\n  "adapters": [1, 2,],\n}';
    expect(parseRecipe(text, 'r.json').input).toEqual({ name: 'a', adapters: [1, 2] });
  });

  it('keeps keys that mean something to JavaScript as plain keys', () => {
    const { input } = parseRecipe('{"__proto__": {"polluted": true}}', 'r.json');
    expect(Object.keys(input as object)).toEqual(['__proto__']);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it.each([
    ['', ['r.json:1:1: ']],
    ['{\n  "a" 1\n}', ['r.json:2:7: a colon was expected here']],
    ['{\n  "a": 1\n  "b": 2\n}', ['r.json:3:3: a comma was expected here']],
    ['{\n  "a": tru\n}', ['r.json:2:8: not a JSON value']],
    ['{"a": "x', ['r.json:1:7: this string does not end']],
    ['{"a": 1', ['r.json:1:8: a closing } was expected here']],
    ['{} {}', ['r.json:1:4: the JSON ends here, but more text follows']],
  ])('%j has its syntax errors told at their place', (text, expected) => {
    const told = problemsOf(() => parseRecipe(text, 'r.json'));
    for (const start of expected) expect(told).toContainEqual(expect.stringContaining(start));
  });

  it('may not give a key twice', () => {
    const told = problemsOf(() =>
      parseRecipe('{\n  "a": 1,\n  "b": { "c": 1, "c": 2 },\n  "a": 3\n}', 'r.json'),
    );
    expect(told).toEqual([
      'r.json:4:3: the key "a" is given twice; it stands in line 2 already',
      'r.json:3:18: the key "c" is given twice; it stands in line 3 already',
    ]);
  });

  it('has a largest size', () => {
    expect(problemsOf(() => parseRecipe(' '.repeat(2 ** 20 + 1), 'r.json'))).toEqual([
      'r.json: this file is too large for a recipe; at most 1 MiB',
    ]);
  });
});
