import { UsageError } from '../base/errors.js';
import { isJsonObject, type JsonObject } from '../base/json.js';
import { parseJson } from '../schema/jsonSyntax.js';
import { fileStatus } from '../system/fileStatus.js';
import { readUtf8 } from '../system/utf8Text.js';
import { writeFileAtomically } from './atomicFile.js';

/** Largest JSON file that is read, bytes. */
const LARGEST = 64 * 2 ** 20;

/** Reads a JSON object of at most 64 MiB; throws `UsageError` where the file is missing, larger or something else. */
export function readJsonObject(path: string): JsonObject {
  const refuse = (message: string) => new UsageError({ file: path, message });
  const status = fileStatus(path);
  if (!status?.isFile()) throw refuse('no such file');
  if (status.size > LARGEST) throw refuse(`${status.size} bytes are too many, at most ${LARGEST}`);
  if (status.size === 0) throw refuse('the file is empty (0 bytes)');
  const text = readUtf8(path);
  const parsed = parseJson(path, text);
  if ('problem' in parsed) throw new UsageError(parsed.problem);
  if (!isJsonObject(parsed.value)) throw refuse('this is not a JSON object');
  return parsed.value;
}

/** A value as indented JSON, as it is written to files. */
export const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Writes a value as indented JSON, whole or not at all. */
export function writeJson(path: string, value: unknown): void {
  writeFileAtomically(path, jsonText(value));
}

/** A value with the members of every object in the order of their names, so that equal values give equal JSON. */
export function sortMembers(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortMembers);
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).map(([name, member]) => [name, sortMembers(member)] as const);
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : Number(a > b))));
}
