/** A JSON Schema literal (draft 2020-12 subset that ajv strict accepts); `description` and `default` on every key. */
export type JsonSchema = Readonly<Record<string, unknown>>;

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A value of JSON in words: a text as it is, else JSON. `String` fails on an object with a member called toString. */
export const inWords = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');

/** A JSON object as it was read, its members not yet checked. */
export type JsonObject = { readonly [key: string]: Json };

/** Whether a value is a JSON object, and not a list or null. */
export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A member by a name that may come from a file: `constructor`, which every object seems to have, is no member. */
export const memberOf = <T>(record: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;
