import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'jsonc-parser';
import { findRecipe } from '../../recipe/find.js';
import { valueAt } from '../../recipe/path.js';
import { recipesFolder } from '../../recipe/shipped.js';
import { type Candidate, candidate } from './candidate.js';

interface Schema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly { readonly if: Schema; readonly then: Schema }[];
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly discriminator?: { readonly propertyName: string };
}

/** The schema of recipes as it is shipped: reading it takes a fraction of what loading the modules does. */
const readSchema = (): Schema =>
  JSON.parse(readFileSync(join(recipesFolder(), 'schema.json'), 'utf8')) as Schema;

/** The value of a recipe; undefined where there is none to read. */
function readRecipe(name: string | undefined): unknown {
  try {
    return name === undefined ? undefined : (parse(readFileSync(findRecipe(name), 'utf8')) as unknown);
  } catch {
    return undefined;
  }
}

/** Of an object whose kind chooses a schema: the one of its kind, or of the default kind. */
function chosen(schema: Schema, value: unknown): Schema {
  const { discriminator, oneOf = [] } = schema;
  if (!discriminator) return schema;
  const path = [discriminator.propertyName];
  const kind = valueAt(value, path) ?? valueAt(schema.default, path);
  const fits = ({ properties = {} }: Schema) => {
    const tag = properties[discriminator.propertyName];
    return tag?.const === kind || tag?.enum?.includes(kind);
  };
  return oneOf.find(fits) ?? schema;
}

/** Properties of files in the format that they name, else in the first. */
function ofFormat({ allOf = [] }: Schema, value: unknown): Readonly<Record<string, Schema>> {
  const formats = allOf.filter((one) => one.if.properties?.format);
  const named = valueAt(value, ['format']);
  const { then } = formats.find((one) => one.if.properties?.format?.const === named) ?? formats[0] ?? {};
  const { format: _format, ...properties } = then?.properties ?? {};
  return properties;
}

/** Properties of an object; those of `data` are the task's. */
function propertiesOf(schema: Schema, value: unknown): [string, Schema][] {
  const own = Object.entries({ ...chosen(schema, value).properties, ...ofFormat(schema, value) });
  const task = valueAt(value, ['task', 'kind']);
  const branch = schema.allOf?.find((one) => one.if.properties?.task?.properties?.kind?.const === task);
  const splits = branch?.then.properties?.data?.properties ?? {};
  return own.map(([key, one]) =>
    key === 'data' ? [key, { ...one, properties: { ...one.properties, ...splits } }] : [key, one],
  );
}

const valuesOf = ({ enum: words, const: word, type, anyOf }: Schema): string[] => {
  if (words) return words.map(String);
  if (word !== undefined) return [String(word)];
  return type === 'boolean' ? ['true', 'false'] : (anyOf ?? []).flatMap(valuesOf);
};

/** A place of a recipe that holds no further keys. */
interface Leaf {
  readonly path: string;
  readonly schema: Schema;
}

function* leavesOf(schema: Schema, value: unknown, path: string): Generator<Leaf> {
  const items = Array.isArray(value) && schema.items;
  if (items) {
    for (const [index, item] of value.entries()) yield* leavesOf(items, item, `${path}[${index}]`);
    return;
  }
  const properties = propertiesOf(schema, value);
  if (properties.length === 0) yield { path, schema };
  for (const [key, one] of properties) {
    yield* leavesOf(one, valueAt(value, [key]), path === '' ? key : `${path}.${key}`);
  }
}

/** `key=` for every key of a recipe, or `key=value` for those whose values are known, once the key is there. */
export function recipeKeys(word: string, recipe: string | undefined): Candidate[] {
  const leaves = [...leavesOf(readSchema(), readRecipe(recipe), '')];
  const at = word.indexOf('=');
  if (at === -1) return leaves.map(({ path, schema: { description } }) => candidate(`${path}=`, description));
  const key = word.slice(0, at);
  const found = leaves.find(({ path }) => path === key);
  return found ? valuesOf(found.schema).map((value) => candidate(`${key}=${value}`)) : [];
}

/** Kinds of adapters with their descriptions, and the options of each. */
export function adapterKinds(): readonly {
  readonly kind: string;
  readonly description?: string | undefined;
  readonly options: readonly Candidate[];
}[] {
  const kinds = readSchema().properties?.adapters?.items?.oneOf ?? [];
  return kinds.map(({ title = '', description, properties = {} }) => ({
    kind: title,
    description,
    options: Object.entries(properties)
      .filter(([key]) => key !== 'kind')
      .map(([key, one]) => candidate(key, one.description)),
  }));
}
