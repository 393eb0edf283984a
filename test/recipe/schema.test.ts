import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { shippedModules } from '../../src/modules/shippedModules.js';
import type { Modules } from '../../src/prepare/modules.js';
import { editorSchema } from '../../src/recipe/editorSchema.js';
import { recipeSchema } from '../../src/recipe/schema.js';
import { recipesFolder } from '../../src/recipe/shipped.js';

type Loose = Readonly<Record<string, unknown>>;

/** Every property of a schema, with its path, whether it must be given, and what is said of it and of its object. */
function* propertiesOf(
  schema: unknown,
  path = '',
): Generator<{ path: string; property: Loose; required: boolean; told: string }> {
  if (typeof schema !== 'object' || schema === null) return;
  const { properties = {}, required = [], description = '', if: _condition, ...rest } = schema as Loose;
  for (const [key, property] of Object.entries(properties as Record<string, Loose>)) {
    const here = `${path}/${key}`;
    yield {
      path: here,
      property,
      required: (required as string[]).includes(key),
      told: `${property.description} ${description}`,
    };
    yield* propertiesOf(property, here);
  }
  for (const key of ['items', 'then'] as const) yield* propertiesOf(rest[key], `${path}/${key}`);
  for (const key of ['oneOf', 'anyOf', 'allOf'] as const) {
    for (const [index, branch] of ((rest[key] ?? []) as unknown[]).entries()) {
      yield* propertiesOf(branch, `${path}/${key}/${index}`);
    }
  }
}

const schema = recipeSchema(shippedModules);
const withoutThen = ({ allOf: _splits, ...rest }: Loose): Loose => rest;
const all = [
  ...propertiesOf(withoutThen(schema)),
  ...shippedModules.tasks.flatMap(({ kind, dataSchema }) => [...propertiesOf(dataSchema, `/${kind}`)]),
];

describe('the schema of recipes', () => {
  it('is the one that editors get; else run `vlgraft recipes schema --output recipes/schema.json`', () => {
    const shipped: unknown = JSON.parse(readFileSync(join(recipesFolder(), 'schema.json'), 'utf8'));
    expect(shipped).toEqual(editorSchema(shippedModules));
  });

  it('is accepted by ajv in strict mode', () => {
    const ajv = new Ajv2020({ strict: true, discriminator: true, useDefaults: true });
    ajv.addFormat('path', true);
    expect(() => ajv.compile(schema)).not.toThrow();
  });

  it('compares items by their values alone: they are words or numbers, of which no member is called', () => {
    const unlike = all.filter(({ property }) => property.uniqueItems === true);
    expect(unlike.length).toBeGreaterThan(3);
    for (const { property, path } of unlike)
      expect((property.items as Loose).type, path).toMatch(/^(string|integer|number)$/);
  });

  it('describes every key', () => {
    const undescribed = all.filter(({ property }) => !property.description).map(({ path }) => path);
    expect(undescribed).toEqual([]);
  });

  it('gives every key that may be left out a default, or says what its absence means', () => {
    const unclear = all.filter(
      ({ property, required, told }) =>
        !required && !('default' in property) && !/absent|default|left out/i.test(told),
    );
    expect(unclear.map(({ path }) => path)).toEqual([]);
  });

  it('takes a new adapter and a new task from their lists alone', () => {
    const options = { type: 'object', properties: { strength: { type: 'number', default: 2 } } };
    const adapter = { kind: 'new-adapter', description: 'new', schema: options };
    const task = { kind: 'new-task', description: 'new', schema: options, dataSchema: options };
    const modules: Modules = { ...shippedModules, adapters: [adapter as never], tasks: [task as never] };
    const ajv = new Ajv2020({ discriminator: true, useDefaults: true });
    ajv.addFormat('path', true);
    const recipe = {
      name: 'a',
      backbone: { from: 'b' },
      adapters: [{ kind: 'new-adapter' }],
      task: { kind: 'new-task' },
      data: { train: {}, regions: { kind: 'crop-pixels' } },
    };
    const validate = ajv.compile(recipeSchema(modules));
    expect(validate(recipe)).toBe(true);
    expect(recipe).toMatchObject({
      adapters: [{ strength: 2 }],
      task: { strength: 2 },
      data: { train: { strength: 2 } },
    });
  });
});
