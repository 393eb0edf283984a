import { UsageError } from '../../base/errors.js';
import type { JsonObject } from '../../base/json.js';
import { isJsonObject, memberOf } from '../../base/json.js';

/** Parts inside of each other at most. */
const DEEPEST = 16;

/** An object of a tokenizer.json, and its JSON pointer for messages. */
export interface Part {
  readonly value: JsonObject;
  readonly where: string;
}

/** Throws the `UsageError` of a place in a tokenizer.json; the file's name is added above. */
export function refuse(where: string, message: string, expected?: string): never {
  throw new UsageError({ where, message, ...(expected !== undefined && { expected }) });
}

/** A member that must be an object. */
export function objectAt({ value, where }: Part, key: string): Part {
  const member = value[key];
  if (!isJsonObject(member)) return refuse(`${where}/${key}`, 'there is no such object');
  return { value: member, where: `${where}/${key}` };
}

/** The objects of a member that must be a list of them. */
export function partsAt({ value, where }: Part, key: string): Part[] {
  const list = value[key];
  if (!Array.isArray(list)) return refuse(`${where}/${key}`, 'there is no such list');
  if (where.split('/').length > 2 * DEEPEST) refuse(where, `more than ${DEEPEST} parts inside of each other`);
  return list.map((member, at) =>
    isJsonObject(member)
      ? { value: member, where: `${where}/${key}/${at}` }
      : refuse(`${where}/${key}/${at}`, 'this is not an object'),
  );
}

/** A member that must be text. */
export function textAt({ value, where }: Part, key: string, usual?: string): string {
  const member = value[key] ?? usual;
  return typeof member === 'string' ? member : refuse(`${where}/${key}`, 'this must be a text');
}

/** A member that must be true or false. */
export function flagAt({ value, where }: Part, key: string, usual = false): boolean {
  const member = value[key] ?? usual;
  return typeof member === 'boolean' ? member : refuse(`${where}/${key}`, 'this must be true or false');
}

/** A member that must be a whole number from `least` to `most`. */
export function countAt(
  { value, where }: Part,
  key: string,
  usual: number,
  least = 0,
  most = 2 ** 31,
): number {
  const member = value[key] ?? usual;
  if (Number.isInteger(member) && (member as number) >= least && (member as number) <= most)
    return member as number;
  return refuse(`${where}/${key}`, `this must be a whole number from ${least} to ${most}`);
}

/** What a part of this `type` is made by; a type that none makes is refused by its name. */
export function byType<Made>(part: Part, makers: Readonly<Record<string, (part: Part) => Made>>): Made {
  const type = textAt(part, 'type');
  const make = memberOf(makers, type);
  if (make) return make(part);
  return refuse(
    `${part.where}/type`,
    `${JSON.stringify(type)} is not read`,
    `one of ${Object.keys(makers).join(', ')}`,
  );
}
