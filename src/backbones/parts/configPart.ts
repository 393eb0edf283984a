import type { JsonSchema } from '../../base/json.js';
import type { Config } from '../backbone.js';

type Keys = Readonly<Record<string, { readonly description: string }>>;

/** The keys with what is said of their defaults, where several models have different ones. */
export const explained = (keys: Keys, ...defaults: readonly Config[]): JsonSchema =>
  Object.fromEntries(
    Object.entries(keys).map(([key, schema]) => {
      const values = defaults.map((each) => each[key]).filter((value) => value !== undefined);
      const description = `${schema.description}; default ${[...new Set(values)].join(' or ')}`;
      return [key, { ...schema, description }];
    }),
  );

/** Those of the keys that have a default, with it. */
export const withDefaults = (keys: Keys, defaults: Config): JsonSchema =>
  Object.fromEntries(
    Object.entries(keys).flatMap(([key, schema]) =>
      key in defaults ? [[key, { ...schema, default: defaults[key] }]] : [],
    ),
  );

/** Schema of an object inside a config. */
export const partSchema = (description: string, properties: JsonSchema): JsonSchema => ({
  type: 'object',
  additionalProperties: false,
  description,
  properties,
});
