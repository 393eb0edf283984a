import type { Json, JsonSchema } from '../base/json.js';
import { schemaCompiler } from '../schema/schemaCompiler.js';
import { explainErrors } from '../schema/schemaWords.js';

type Options = Readonly<Record<string, Json>>;

const ajv = schemaCompiler({ useDefaults: true, strict: false });

/** Options with every default of their schema filled in. */
export function completeOptions(schema: JsonSchema, given: Options = {}): Options {
  const filled = structuredClone(given) as Options;
  ajv.validate(schema as object, filled);
  return filled;
}

/** What is wrong with a value, in words; undefined: nothing. */
export function problemWith(schema: JsonSchema, value: Json): string | undefined {
  if (ajv.validate(schema as object, value)) return undefined;
  const [first] = explainErrors(ajv.errors ?? [], value);
  return [first?.message, first?.expected].filter(Boolean).join('; ');
}

/** What a schema takes, for a person: its words, or its bounds. */
export function allowed(schema: JsonSchema): string {
  const { enum: words, type, minimum, exclusiveMinimum, maximum, exclusiveMaximum } = schema;
  if (Array.isArray(words)) return words.join(', ');
  if (type === 'boolean') return 'true, false';
  const bounds = [
    minimum !== undefined && `at least ${minimum}`,
    exclusiveMinimum !== undefined && `more than ${exclusiveMinimum}`,
    maximum !== undefined && `at most ${maximum}`,
    exclusiveMaximum !== undefined && `less than ${exclusiveMaximum}`,
  ];
  return bounds.filter(Boolean).join(', ');
}
