import { lstatSync, type Stats } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { type Problem, UsageError } from '../base/errors.js';
import { isJsonObject } from '../base/json.js';
import { readJsonObject, writeJson } from './jsonFile.js';

/** What tells a folder that vlgraft wrote from one of the user's. */
export const MARKER = '.vlgraft.json';

/** The version of the marker that is written and read. */
const FORMAT_VERSION = 1;

/** What vlgraft writes into a folder of its own; data sets are known by their `dataset.json`. */
const kinds = {
  run: 'a run',
  comparison: 'a comparison',
  'merged run': 'a merged run',
  'adapter export': 'an exported adapter',
  submission: 'a submission',
} as const;

export type FolderKind = keyof typeof kinds;

/** A kind with its article. */
export const described = (kind: FolderKind): string => kinds[kind];

/** What a folder's marker says. */
export interface FolderMarker {
  readonly kind: FolderKind;
  /** Whether all was written that was to be. */
  readonly finished: boolean;
  /** Files that vlgraft wrote or is about to write, relative to the folder, with `/`. */
  readonly files: readonly string[];
}

/** Whether a name leads to a place inside the folder that it is relative to. */
const isInside = (name: unknown): name is string =>
  typeof name === 'string' &&
  !isAbsolute(name) &&
  !name.includes('\\') &&
  name.split('/').every((part) => part !== '' && part !== '.' && part !== '..');

const isKind = (value: unknown): value is FolderKind =>
  typeof value === 'string' && Object.hasOwn(kinds, value);

/** What stands at a path, links not followed; undefined where there is nothing, or a file in its way. */
export function statusOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function problemsOf(
  file: string,
  { formatVersion, kind, finished, files }: Record<string, unknown>,
): Problem[] {
  const expected = 'remove nothing by it: choose another output';
  const wrong = (where: string, message: string): Problem => ({ file, where, message, expected });
  if (formatVersion !== FORMAT_VERSION)
    return [wrong('/formatVersion', `only version ${FORMAT_VERSION} is known`)];
  return [
    ...(isKind(kind) ? [] : [wrong('/kind', 'this kind of folder is not known')]),
    ...(typeof finished === 'boolean' ? [] : [wrong('/finished', 'it is neither true nor false')]),
    ...(Array.isArray(files) ? [] : [wrong('/files', 'this is not a list of files')]),
    ...(Array.isArray(files) ? files : []).flatMap((name, at) =>
      isInside(name) ? [] : [wrong(`/files/${at}`, `${JSON.stringify(name)} leads out of the folder`)],
    ),
  ];
}

/** The marker of a folder; undefined where there is none. Throws UsageError where it is malformed or leads out of the folder. */
export function readMarker(folder: string): FolderMarker | undefined {
  const file = join(folder, MARKER);
  if (!statusOf(file)) return undefined;
  const marker = readJsonObject(file);
  const problems = problemsOf(file, isJsonObject(marker) ? marker : {});
  if (problems.length > 0) throw new UsageError(problems);
  const { kind, finished, files } = marker as unknown as FolderMarker;
  return { kind, finished, files };
}

/** Writes the marker of a folder, whole or not at all. */
export function writeMarker(folder: string, { kind, finished, files }: FolderMarker): void {
  const names = [...new Set(files)].sort();
  writeJson(join(folder, MARKER), { formatVersion: FORMAT_VERSION, kind, finished, files: names });
}
