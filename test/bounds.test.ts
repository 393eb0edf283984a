import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { UsageError } from '../src/base/errors.js';
import { addAll, largest, smallest } from '../src/base/lists.js';
import { nearestName } from '../src/base/nearest.js';
import { readJsonObject } from '../src/checkpoints/jsonFile.js';
import { problemLines } from '../src/cli/problemLines.js';
import { parseRecipe } from '../src/recipe/source.js';
import { parseJson } from '../src/schema/jsonSyntax.js';
import { fileStatus } from '../src/system/fileStatus.js';
import { readVqaV2 } from '../tasks/readers/vqaV2.js';
import { createBackbone, readShape, resolveRecipe } from './shipped.js';

const folder = mkdtempSync(join(tmpdir(), 'vlgraft-bounds-'));
afterAll(() => rmSync(folder, { recursive: true }));
const write = (name: string, value: unknown) => {
  const path = join(folder, name);
  writeFileSync(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
};

const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);

describe('JSON from outside', () => {
  it('is read down to 100 levels', () => {
    expect(parseJson('a.json', nested(100))).toHaveProperty('value');
    expect(parseJson('a.json', `{\n "a": ${nested(100)}}`)).toEqual({
      problem: {
        file: 'a.json',
        line: 2,
        column: 106,
        message: 'lists and objects stand too deep inside each other',
        expected: 'at most 100 levels',
      },
    });
  });

  it('may have brackets in strings, as many as it likes', () => {
    const value = { '[[{': `"\\${'['.repeat(500)}`, b: '\\' };
    expect(parseJson('a.json', JSON.stringify(value))).toEqual({ value });
  });

  it('is refused by every reader where it is too deep', () => {
    const text = `{"a": ${nested(200_000)}}`;
    expect(() => readJsonObject(write('deep.json', text))).toThrow('too deep inside each other');
    expect(() => parseRecipe(text, 'recipe.json')).toThrow(
      'recipe.json:1:106: lists and objects stand too deep',
    );
  });

  it.each([
    ['after a string that is not closed', `{"a\n": ${nested(4000)}}`],
    ['after a string whose line ends with a backslash', `{"a\\\n": ${nested(4000)}}`],
    ['after a comment that a carriage return ends', `//\r${nested(4000)}`],
    ['after a comment and what looks like another', `/* */* ${nested(4000)} */`],
    ['with brackets that close others', '[}'.repeat(4000)],
    ['with braces that are closed by brackets', '{"a":[{]}'.repeat(4000)],
  ])('is refused where it is no JSON and too deep %s', (_, text) => {
    const refused = /too deep inside each other|not JSON|not a valid|expected|does not end/;
    expect(() => readJsonObject(write('broken.json', text))).toThrow(UsageError);
    expect(() => parseRecipe(text, 'recipe.json')).toThrow(UsageError);
    expect(() => parseRecipe(text, 'recipe.json')).toThrow(refused);
  });

  it('may be wrong in every line of a recipe of 300,000', () => {
    const { problems } = (() => {
      try {
        parseRecipe(`{${'x\n'.repeat(300_000)}}`, 'recipe.json');
      } catch (error) {
        if (error instanceof UsageError) return error;
      }
      throw new Error('nothing was wrong');
    })();
    expect(problems.at(-1)).toMatchObject({ line: 300_000, column: 1 });
  });

  it('may have brackets in the comments of a recipe', () => {
    expect(parseRecipe(`// ${'['.repeat(200)}\n/* ${'{'.repeat(200)} */ {}`, 'a.json').input).toEqual({});
  });
});

describe('sizes', () => {
  it.each([
    ['num_hidden_layers', 10_000_000, 512],
    ['num_attention_heads', 4096, 1024],
    ['hidden_size', 2 ** 30, 131_072],
    ['vocab_size', 2 ** 40, 2 ** 24],
  ])('%s of %i is too much for a config', (key, value, most) => {
    write('config.json', { model_type: 'bert', [key]: value });
    expect(() => readShape(folder)).toThrow(`/${key}: it is ${value}; at most ${most}`);
  });

  it('of new weights are held against the memory of the machine before they are made', () => {
    const config = { model_type: 'bert', hidden_size: 131_072, vocab_size: 2 ** 24, num_attention_heads: 8 };
    expect(() => createBackbone(config, 1)).toThrow(/the weights take .*, this machine has .* of memory/);
  });

  it('of a recipe have bounds', () => {
    const recipe = (changes: object) => ({
      name: 'a',
      backbone: { from: 'scenes-tiny' },
      task: { kind: 'vqa' },
      data: { train: { questions: 'q', annotations: 'a', images: 'i' } },
      ...changes,
    });
    const resolve = (changes: object) => () => resolveRecipe(recipe(changes), { files: false });
    expect(resolve({ training: { batchSize: 1e9 } })).toThrow(
      'training.batchSize: it is 1000000000; at most 65536',
    );
    expect(resolve({ training: { epochs: 1e300 } })).toThrow(
      'training.epochs: it is 1e+300; at most 1000000',
    );
    const lora = { kind: 'lora', rank: 1e9 };
    expect(resolve({ adapters: [lora] })).toThrow('adapters[0].rank: it is 1000000000; at most 16384');
    const many = Array.from({ length: 65 }, (_, at) => ({ kind: 'lora', name: `a${at}` }));
    expect(resolve({ adapters: many })).toThrow('adapters: it has 65 items; at most 64');
  });
});

describe('names', () => {
  it('are not guessed from what nobody writes by mistake', () => {
    expect(nearestName('lora'.repeat(100_000), ['lora', 'dora'])).toBeUndefined();
  });

  it('that no file can have are those of none', () => {
    expect(fileStatus('x'.repeat(5000))).toBeUndefined();
    expect(fileStatus('a\0b')).toBeUndefined();
    expect(fileStatus(join(write('file', 'x'), 'inside'))).toBeUndefined();
  });

  it('of pictures are made from the pattern alone, not from what a data file puts in it', () => {
    const questions = { questions: [{ question_id: 0, image_id: 7, question: 'what?' }] };
    const file = write('questions.json', { ...questions, data_subtype: '{image_id:0999999999d}' });
    const [example] = readVqaV2({ questions: file, images: folder, checkImages: false });
    expect(example!.picture.path).toBe(join(folder, 'COCO_{image_id:0999999999d}_000000000007.jpg'));
  });
});

describe('long lists', () => {
  const many = Array.from({ length: 500_000 }, (_, at) => at);

  it('are added to others, and measured', () => {
    const list = [1];
    addAll(list, many);
    expect([list.length, largest(many), smallest(many), largest([], 3)]).toEqual([500_001, 499_999, 0, 3]);
  });

  it('of problems are told by kind', () => {
    const problems = many.map((at) => ({ file: 'a.json', where: `/${at}`, message: `id ${at} is "x${at}"` }));
    const other = { file: 'a.json', message: 'no list' };
    const lines = problemLines([...problems, other], 30);
    expect(lines).toHaveLength(12);
    expect(lines[10]).toBe('and 499 990 more of the same kind (--json lists all)');
    expect(lines[11]).toBe('a.json: no list');
  });
});
