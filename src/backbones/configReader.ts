import { UsageError } from '../base/errors.js';
import type { Json, JsonSchema } from '../base/json.js';
import { lazyCheck } from '../schema/lazyCheck.js';
import { schemaCompiler } from '../schema/schemaCompiler.js';
import { schemaProblems } from '../schema/schemaWords.js';

/** Keys of every family that change what a model computes, with the only value that is read. */
const COMMON: JsonSchema = {
  pruned_heads: { type: 'object', maxProperties: 0 },
  quantization_config: { type: 'null' },
};
/** What a model may have at most; far above every published one, and small enough to be counted one by one. */
export const mostOf = {
  layers: 512,
  heads: 1024,
  width: 1 << 17,
  tokens: 1 << 24,
  positions: 1 << 20,
  segments: 1024,
  pixels: 1 << 14,
} as const;

/**
 * A reader of config.json files: of the keys of `properties` and `fixed` (those with a single value that the family
 * computes, besides those that no family reads) it checks the values and fills in defaults; all other keys (labels, tokens, versions) are left out. It
 * throws UsageError with everything that is wrong.
 */
export function configReader<Config>(
  properties: JsonSchema,
  fixed: JsonSchema = {},
  required: readonly string[] = ['model_type'],
): (config: Readonly<Record<string, Json>>) => Config {
  const known = { ...properties, ...COMMON, ...fixed };
  const check = lazyCheck(() => {
    const schema = { type: 'object', required, properties: known };
    return schemaCompiler({ useDefaults: true }).compile<Config>(schema);
  });
  return (config) => {
    const filled: unknown = Object.fromEntries(Object.entries(config).filter(([key]) => key in known));
    if (!check(filled)) throw new UsageError(schemaProblems(check.errors, filled));
    return filled;
  };
}
