import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { getLanguageService, type JSONSchema, TextDocument } from 'vscode-json-languageservice';
import { recipesFolder, shippedRecipes } from '../../src/recipe/shipped.js';

const schema = JSON.parse(readFileSync(join(recipesFolder(), 'schema.json'), 'utf8')) as JSONSchema;

/** What VS Code does with recipes/schema.json. */
const service = getLanguageService({});
service.configure({
  validate: true,
  allowComments: true,
  schemas: [{ uri: 'recipe://schema', fileMatch: ['*.json'], schema }],
});

/** A recipe with the cursor at `|`. */
function at(text: string) {
  const offset = text.indexOf('|');
  const plain = offset === -1 ? text : text.slice(0, offset) + text.slice(offset + 1);
  const document = TextDocument.create('file:///recipe.json', 'json', 1, plain);
  const json = service.parseJSONDocument(document);
  const position = document.positionAt(Math.max(0, offset));
  return {
    /** Labels and what is shown beside them. */
    completed: async (): Promise<ReadonlyMap<string, string>> => {
      const { items = [] } = (await service.doComplete(document, position, json)) ?? {};
      const textOf = (told: string | { value: string } = ''): string =>
        typeof told === 'string' ? told : told.value;
      return new Map(items.map(({ label, documentation }) => [label, textOf(documentation)]));
    },
    hovered: async (): Promise<string> =>
      JSON.stringify((await service.doHover(document, position, json))?.contents ?? ''),
    problems: async (): Promise<string[]> =>
      (await service.doValidation(document, json)).map(({ message }) =>
        typeof message === 'string' ? message : message.value,
      ),
  };
}

const keysOf = async (text: string): Promise<string[]> => [...(await at(text).completed()).keys()];

describe('in an editor', () => {
  it.each([
    ['adapters', '{"adapters": [{"kind": "|"}]}', ['"bottleneck"', '"shortcut"', '"lora"']],
    ['tasks', '{"task": {"kind": "|"}}', ['"vqa"', '"nlvr"', '"multi"']],
    ['sources of regions', '{"data": {"regions": {"kind": "|"}}}', ['"crop-pixels"', '"precomputed"']],
    ['optimizers', '{"training": {"optimizer": {"kind": "|"}}}', ['"adamw"', '"sgd"']],
  ])('kinds of %s are completed, each with its meaning', async (_what, text, kinds) => {
    const completed = await at(text).completed();
    expect([...completed.keys()]).toEqual(expect.arrayContaining(kinds));
    const told = [...completed.values()];
    expect(told.every((one) => one.length > 10)).toBe(true);
    expect(new Set(told).size).toBe(told.length);
  });

  it('the options of the adapter that was chosen are completed, and no others', async () => {
    const bottleneck = await keysOf('{"adapters": [{"kind": "bottleneck", "|"}]}');
    expect(bottleneck).toEqual(expect.arrayContaining(['reductionFactor', 'layers', 'name']));
    expect(bottleneck).not.toContain('rank');
    const lora = await keysOf('{"adapters": [{"kind": "lora", "|"}]}');
    expect(lora).toEqual(expect.arrayContaining(['rank', 'alpha', 'sites']));
    expect(lora).not.toContain('reductionFactor');
  });

  it('the options and the files of the task that was chosen are completed', async () => {
    expect(await keysOf('{"task": {"kind": "nlvr", "|"}}')).toEqual(['head', 'dropout']);
    expect(await keysOf('{"task": {"kind": "nlvr", "head": "|"}}')).toContain('"paired"');
    const nlvr = await keysOf('{"task": {"kind": "nlvr"}, "data": {"train": {"|"}}}');
    expect(nlvr).toEqual(['annotations', 'images', 'instances', 'checkImages', 'limit', 'format']);
    const vqa = await keysOf('{"task": {"kind": "vqa"}, "data": {"test": {"|"}}}');
    expect(vqa).toEqual(expect.arrayContaining(['questions', 'annotations']));
  });

  it.each([
    [
      'an option of an adapter',
      '{"adapters": [{"kind": "bottleneck", "reduc|tionFactor": 8}]}',
      'default: `16`',
    ],
    [
      'a file of a task',
      '{"task": {"kind": "vqa"}, "data": {"train": {"quest|ions": "a"}}}',
      'Questions file',
    ],
    ['a key of the training', '{"training": {"batch|Size": 8}}', 'At least 1, at most 65536; default: `32`'],
    ['a key of the recipe', '{"se|ed": 1}', 'Same seed and data, same result'],
    ['a kind', '{"adapters": [{"kind": "lo|ra"}]}', 'Low-rank'],
  ])('%s tells its meaning under the mouse', async (_what, text, told) => {
    expect(await at(text).hovered()).toContain(told);
  });

  it.each(shippedRecipes())('$name has no problems', async ({ file }) => {
    const text = readFileSync(file, 'utf8').replace(/"\$schema":.*\n/, '');
    expect(await at(text).problems()).toEqual([]);
  });

  it('wrong keys and values are underlined', async () => {
    const text = '{"name": "a", "backbone": {}, "task": {"kind": "vqa"}, "data": {"train": {}}, "sede": 1}';
    const problems = await at(text).problems();
    expect(problems).toContain('Property sede is not allowed.');
    expect(problems).toContain('Missing property "questions".');
  });
});
