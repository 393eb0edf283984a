import { Ajv2020, type Options } from 'ajv/dist/2020.js';

/**
 * What makes checks of schemas, which tell every error. That the schemas are right, tests say: holding them against the
 * schema of schemas takes five times as long as to compile one, in every command.
 * Whether a path is there is asked of recipes alone, which replace that format.
 */
export const schemaCompiler = (options: Options = {}): Ajv2020 =>
  new Ajv2020({ allErrors: true, verbose: true, validateSchema: false, ...options })
    .addFormat('path', true)
    .addFormat('text', true);
