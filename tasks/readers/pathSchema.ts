import type { JsonSchema } from '../../src/base/json.js';

/** Schema of a path of a dataset, with one of the sample data as an example. */
export const pathSchema = (description: string, example: string): JsonSchema => ({
  type: 'string',
  minLength: 1,
  description,
  examples: [`data/emoji-scenes/${example}`],
});
