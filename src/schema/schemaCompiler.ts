import { Ajv2020, type Options } from 'ajv/dist/2020.js';

/**
 * What makes checks of schemas, which tell every error. That the schemas are right, tests say: holding them against the
 * schema of schemas takes five times as long as to compile one, in every command.
 */
export const schemaCompiler = (options: Options = {}): Ajv2020 =>
  new Ajv2020({ allErrors: true, verbose: true, validateSchema: false, ...options });
