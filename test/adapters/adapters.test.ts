import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { adapters } from '../../adapters/index.js';
import { backboneFamilies } from '../../src/backbones/index.js';
import { describeConformance, type Variant } from './conformance.js';
import { subjectNames } from './subjects.js';

/** What is tried besides the defaults; a new adapter needs an entry only for options that change its structure. */
const variants: Readonly<Record<string, readonly Variant[]>> = {
  bottleneck: [
    { name: 'defaults', options: {} },
    {
      name: 'last layer, LayerNorms too',
      options: { layers: [1], reductionFactor: 4, trainLayerNorm: true },
      unfreezes: /encoder\.layers?\.1\..*layer_?norm/i,
    },
    { name: 'feed-forward only', options: { sites: ['ffn'], width: 5, activation: 'silu' } },
  ],
  shortcut: [
    { name: 'defaults', options: {} },
    {
      name: 'gated ladder',
      options: { depth: 2, reductionFactor: 4, reads: ['hidden.0', 'hidden.1', 'hidden.2'], fusion: 'gate' },
    },
  ],
  full: [{ name: 'defaults', options: {}, unfreezes: /./ }],
};

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

for (const subject of Object.values(subjectNames).flat()) {
  for (const adapter of adapters) {
    for (const variant of variants[adapter.kind] ?? [{ name: 'defaults', options: {} }]) {
      describeConformance(subject, adapter, variant);
    }
  }
}
