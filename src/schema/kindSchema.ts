import type { JsonSchema } from '../base/json.js';

/** One of several things that an object's `kind` chooses from. */
export interface KindModule {
  readonly kind: string;
  readonly description: string;
  /** Schema of its options besides `kind`. */
  readonly schema: JsonSchema;
}

/** The option by which one of several schemas is chosen, and the values that choose this one. */
interface Tag {
  readonly key: string;
  readonly values: readonly string[];
  readonly description: string;
  readonly title: string;
}

/** The schema of a module's options with its tag, and no other keys. */
export function tagged(schema: JsonSchema, tag: Tag, shared: JsonSchema = {}): JsonSchema {
  const {
    properties = {},
    required = [],
    ...rest
  } = schema as { properties?: JsonSchema; required?: string[] };
  const { [tag.key]: _own, ...options } = properties;
  const [only, ...others] = tag.values;
  const values = others.length > 0 ? { enum: tag.values } : { const: only };
  return {
    ...rest,
    title: tag.title,
    type: 'object',
    additionalProperties: false,
    required: [...new Set([tag.key, ...required])],
    properties: { [tag.key]: { ...values, description: tag.description }, ...shared, ...options },
  };
}

/** The schema of an object whose `kind` chooses one of the modules (OpenAPI's `discriminator`). */
export const oneOfKinds = (modules: readonly KindModule[], shared?: JsonSchema): JsonSchema => ({
  type: 'object',
  required: ['kind'],
  properties: { kind: { description: 'Which one.', examples: modules.slice(0, 1).map(({ kind }) => kind) } },
  discriminator: { propertyName: 'kind' },
  oneOf: modules.map(({ kind, description, schema }) => ({
    ...tagged(schema, { key: 'kind', values: [kind], description, title: kind }, shared),
    description,
  })),
});
