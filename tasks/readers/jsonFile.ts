import { constants } from 'node:buffer';
import { readFileSync } from 'node:fs';
import type { Problem } from '../../src/base/errors.js';
import { parseLossless } from '../../src/base/losslessJson.js';
import { noteFileRead } from '../../src/data/filesRead.js';
import { parseJson } from '../../src/schema/jsonSyntax.js';
import { fileStatus } from '../../src/system/fileStatus.js';
import { decodeUtf8 } from '../../src/system/utf8Text.js';

/** A JSON file as it was read, or what is wrong with it. */
export interface JsonFile {
  readonly value?: unknown;
  readonly problems: readonly Problem[];
}

/** Reads a JSON file of a dataset (UTF-8, a byte order mark is allowed); gives problems instead of throwing. */
export function readJsonFile(file: string): JsonFile {
  const status = fileStatus(file);
  const refuse = (message: string): JsonFile => ({ problems: [{ file, message }] });
  if (!status) return refuse('no such file');
  if (!status.isFile()) return refuse('this is not a file');
  if (status.size === 0) return refuse('the file is empty (0 bytes)');
  if (status.size > constants.MAX_STRING_LENGTH)
    return refuse('the file is larger than a text can be (512 MiB)');
  noteFileRead(file);
  const decoded = decodeUtf8(file, readFileSync(file));
  if ('problem' in decoded) return { problems: [decoded.problem] };
  const parsed = parseJson(file, decoded.text.replace(/^\uFEFF/, ''), parseLossless);
  return 'problem' in parsed ? { problems: [parsed.problem] } : { value: parsed.value, problems: [] };
}
