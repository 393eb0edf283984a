import type { JsonSchema } from '../base/json.js';
import type { Modules } from '../prepare/modules.js';
import { recipeSchema } from './schema.js';

type Loose = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const code = (value: unknown): string => `\`${JSON.stringify(value)}\``;

/** `at least 1`, `less than 1`: what a number may be. */
function boundsOf({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: Loose): string[] {
  const parts = [
    [minimum, 'at least'],
    [exclusiveMinimum, 'more than'],
    [maximum, 'at most'],
    [exclusiveMaximum, 'less than'],
  ] as const;
  return parts.flatMap(([limit, words]) => (limit === undefined ? [] : [`${words} ${String(limit)}`]));
}

/** What editors show of a key: its meaning, then what it may be, its default or an example. */
function markdownOf(schema: Loose): string {
  const { description, examples } = schema;
  const [example] = Array.isArray(examples) ? (examples as unknown[]) : [];
  const bounds = boundsOf(schema).join(', ');
  const standard = 'default' in schema ? `default: ${code(schema.default)}` : '';
  const shown = example !== undefined && !standard ? `example: ${code(example)}` : '';
  const facts = [bounds, standard, shown].filter(Boolean).join('; ');
  const sentence = facts && `${facts.charAt(0).toUpperCase()}${facts.slice(1)}.`;
  return [String(description), sentence].filter(Boolean).join('\n\n');
}

/** Values of the key that chooses one of an object's schemas, each with what it means. */
function kindsOf({ discriminator, oneOf, properties }: Loose): Loose {
  if (!isObject(discriminator) || !Array.isArray(oneOf) || !isObject(properties)) return {};
  const key = String(discriminator.propertyName);
  const branches = oneOf.filter(isObject).flatMap((branch) => {
    const tag = (branch.properties as Record<string, Loose>)[key] ?? {};
    const values = Array.isArray(tag.enum) ? (tag.enum as unknown[]) : [tag.const];
    return values.map((value) => ({ value, meaning: branch.description ?? tag.description }));
  });
  const kind = {
    ...(properties[key] as Loose),
    enum: branches.map(({ value }) => value),
    enumDescriptions: branches.map(({ meaning }) => meaning),
  };
  return { properties: { ...properties, [key]: kind } };
}

const mapped = (value: unknown, change: (one: unknown) => unknown): unknown =>
  isObject(value) ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, change(one)])) : value;

/** Keywords whose values hold schemas: a list of them, one by name, or one. */
const LISTS = ['oneOf', 'anyOf', 'allOf'];
const MAPS = ['properties'];
const SINGLE = ['items', 'additionalProperties', 'propertyNames', 'then'];

function inside([keyword, value]: readonly [string, unknown]): readonly [string, unknown] {
  if (LISTS.includes(keyword) && Array.isArray(value)) return [keyword, value.map(forEditors)];
  if (MAPS.includes(keyword)) return [keyword, mapped(value, forEditors)];
  return [keyword, SINGLE.includes(keyword) ? forEditors(value) : value];
}

function forEditors(schema: unknown): unknown {
  if (!isObject(schema)) return schema;
  const entries = Object.entries({ ...schema, ...kindsOf(schema) }).flatMap((entry) =>
    entry[0] === 'description' && entry[1]
      ? [entry, ['markdownDescription', markdownOf(schema)] as const]
      : [inside(entry)],
  );
  return Object.fromEntries(entries);
}

/**
 * The schema of recipes as editors take it: what `recipes/schema.json` holds. To each description comes what it may be
 * and its default (`markdownDescription`), and to each kind its meaning (`enumDescriptions`), as VS Code shows them.
 */
export const editorSchema = (modules: Modules): JsonSchema => forEditors(recipeSchema(modules)) as JsonSchema;
