import { isDeepStrictEqual } from 'node:util';
import type { JsonSchema } from '../base/json.js';
import { isJsonObject } from '../base/json.js';
import type { Modules } from '../prepare/modules.js';
import { formatPath, type Path } from './path.js';
import type { Recipe } from './recipe.js';
import { recipeSchema } from './schema.js';

type Schemas = readonly JsonSchema[];

const listOf = (value: unknown): Schemas => (Array.isArray(value) ? (value as JsonSchema[]) : []);
const propertiesOf = ({ properties }: JsonSchema): Readonly<Record<string, JsonSchema>> =>
  (properties ?? {}) as Readonly<Record<string, JsonSchema>>;

/** Whether a value is what a condition of constants asks for. */
function matches(condition: JsonSchema, value: unknown): boolean {
  if ('const' in condition) return isDeepStrictEqual(condition.const, value);
  if (Array.isArray(condition.enum)) return condition.enum.some((one) => isDeepStrictEqual(one, value));
  const required = (condition.required ?? []) as readonly string[];
  return Object.entries(propertiesOf(condition)).every(([key, inner]) => {
    if (!isJsonObject(value)) return false;
    return key in value ? matches(inner, value[key]) : !required.includes(key);
  });
}

/** The branch of a choice by kind that a value takes. */
function chosenBranch({ oneOf, discriminator }: JsonSchema, value: unknown): Schemas {
  const key = (discriminator as { readonly propertyName?: string } | undefined)?.propertyName;
  if (key === undefined || !isJsonObject(value)) return [];
  return listOf(oneOf).filter((branch) => matches(propertiesOf(branch)[key] ?? {}, value[key]));
}

/** Every schema that says something about a value. */
const applying = (schema: JsonSchema, value: unknown): Schemas => [
  schema,
  ...chosenBranch(schema, value).flatMap((branch) => applying(branch, value)),
  ...listOf(schema.allOf)
    .filter((rule) => rule.if === undefined || matches(rule.if as JsonSchema, value))
    .flatMap((rule) => applying((rule.then ?? rule) as JsonSchema, value)),
];

/** What a schema says of a member: by its name, or of all that it does not name. */
function memberSchema(schema: JsonSchema, key: string): Schemas {
  const named = propertiesOf(schema)[key];
  if (named) return [named];
  return isJsonObject(schema.additionalProperties) ? [schema.additionalProperties] : [];
}

/** Keys with their defaults inside of a value. @param given the value's own default, where it has one */
function keysIn(schemas: Schemas, value: unknown, path: Path, given: unknown): Path[] {
  if (Array.isArray(value) && value.some(isJsonObject)) {
    const items = schemas.flatMap(({ items: one }) => (one ? [one as JsonSchema] : []));
    return value.flatMap((item, at) =>
      keysIn(
        items.flatMap((schema) => applying(schema, item)),
        item,
        [...path, at],
        undefined,
      ),
    );
  }
  if (!isJsonObject(value) || Object.keys(value).length === 0)
    return isDeepStrictEqual(value, given) ? [path] : [];
  return Object.entries(value).flatMap(([key, member]) => {
    const inside = schemas.flatMap((schema) => memberSchema(schema, key));
    const all = inside.flatMap((schema) => applying(schema, member));
    const own = inside.find((schema) => schema.default !== undefined)?.default;
    return keysIn(all, member, [...path, key], own);
  });
}

/**
 * The keys of a complete recipe that say what their schema has as default, as `training.batchSize`; the output too, where
 * it follows from the name.
 */
export function defaultedKeys(recipe: Recipe, modules: Modules): string[] {
  const schema = recipeSchema(modules, recipe.task);
  const keys = keysIn(applying(schema, recipe), recipe, [], undefined).map(formatPath);
  return recipe.output === `runs/${recipe.name}` ? [...keys, 'output'] : keys;
}
