import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { adapters } from '../../adapters/index.js';
import { backboneFamilies } from '../../src/backbones/families.js';
import { subjectNames } from './subjects.js';

const camelCase = (kind: string): string =>
  kind.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

describe('schemas of adapters', () => {
  test.each(adapters.map((adapter) => [adapter.kind, adapter] as const))('%s', (_, { schema }) => {
    new Ajv({ strict: true }).compile(schema as object);
    const properties = schema.properties as Record<string, { description?: string; default?: unknown }>;
    for (const [name, property] of Object.entries(properties)) {
      expect(property.description, `description of ${name}`).toBeTypeOf('string');
      const required = (schema.required as string[] | undefined)?.includes(name) ?? false;
      expect(required || property.default !== undefined, `default of ${name}`).toBe(true);
    }
  });
});

test('every family of backbones has a subject', () => {
  expect(Object.keys(subjectNames).sort()).toEqual(backboneFamilies.map(({ family }) => family).sort());
});

test('every adapter has a test file, and runs the suite of adapters there', () => {
  const { dirname: folder } = import.meta;
  for (const { kind } of adapters) {
    const file = join(folder, `${camelCase(kind)}.test.ts`);
    expect(existsSync(file), file).toBe(true);
    expect(readFileSync(file, 'utf8')).toMatch(/describeConformance\(/);
  }
});
