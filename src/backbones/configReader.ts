import { Ajv, type ErrorObject } from 'ajv';
import { type Problem, UsageError } from '../errors.js';
import type { Json, JsonSchema } from '../json.js';

function problemOf({ instancePath, message, params, data, keyword }: ErrorObject): Problem {
  if (keyword !== 'enum') {
    const given = instancePath ? ` (it is ${JSON.stringify(data)})` : '';
    return { ...(instancePath && { where: instancePath }), message: `${message}${given}` };
  }
  const allowed = (params as { allowedValues: Json[] }).allowedValues.map((value) => JSON.stringify(value));
  const expected = allowed.length > 1 ? `one of ${allowed.join(', ')}` : `${allowed[0]}`;
  return { where: instancePath, message: `${JSON.stringify(data)} is not supported`, expected };
}

/**
 * A reader of config.json files: of the keys of `properties` and `fixed` (those with a single value that the family
 * computes) it checks the values and fills in defaults; all other keys (labels, tokens, versions) are left out. It
 * throws UsageError with everything that is wrong.
 */
export function configReader<Config>(
  properties: JsonSchema,
  fixed: JsonSchema = {},
  required: readonly string[] = ['model_type'],
): (config: Readonly<Record<string, Json>>) => Config {
  const known = { ...properties, ...fixed };
  const ajv = new Ajv({ allErrors: true, useDefaults: true, verbose: true });
  const check = ajv.compile<Config>({ type: 'object', required, properties: known });
  return (config) => {
    const filled: unknown = Object.fromEntries(Object.entries(config).filter(([key]) => key in known));
    if (!check(filled)) throw new UsageError((check.errors ?? []).map(problemOf));
    return filled;
  };
}
