import type { JsonSchema } from '../base/json.js';

/** Whether an option is a number, a word or yes and no: what is asked for; lists and alternatives are written by hand. */
export const isSimple = ({ type, enum: words }: JsonSchema): boolean =>
  Array.isArray(words) || type === 'number' || type === 'integer' || type === 'boolean';
