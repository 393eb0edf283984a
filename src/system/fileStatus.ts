import { type Stats, statSync } from 'node:fs';

/** What stands in the way of a path is the same as that nothing is there: a file on the way, a name that can't be one. */
const NOTHING: readonly (string | undefined)[] = [
  'ENOENT',
  'ENOTDIR',
  'ENAMETOOLONG',
  'ELOOP',
  'ERR_INVALID_ARG_VALUE',
];

/** What is at a path; undefined where nothing is, also where the path can't be one (too long, with a NUL). */
export function fileStatus(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (NOTHING.includes((error as NodeJS.ErrnoException).code)) return undefined;
    throw error;
  }
}
