import { formatProblem, messageOf, type Problem } from '../base/errors.js';
import { formatBytes } from '../base/figures.js';
import { diskFree } from './machine.js';

const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'there is no permission for it',
  EBUSY: 'it is in use',
  EDQUOT: 'the quota of the disk is used up',
  EEXIST: 'it is there already',
  EISDIR: 'this is a folder',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'this name is too long',
  ENOENT: 'there is no such file or folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a part of this path is a file',
  ENOTEMPTY: 'this folder is not empty',
  EPERM: 'there is no permission for it',
  EROFS: 'this file system can only be read',
};

/**
 * An error of the system with the file that it is about: writing to an open file names none.
 * @param alias another name of the file, which is nothing to a person
 */
export function aboutFile(error: unknown, file: string, alias?: string): unknown {
  if (!(error instanceof Error) || !('code' in error)) return error;
  const { path } = error as NodeJS.ErrnoException;
  return path === undefined || path === alias ? Object.assign(error, { path: file }) : error;
}

/** Work with one file of which the system names none where it fails: the error names it. */
export const withFile = <T>(file: string, work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => {
    throw aboutFile(error, file);
  });

/** Whether there was no room to write. */
export function isDiskFull(error: unknown): boolean {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** How much could still be written where a disk was too full for a file, once what was cut short is removed. */
function roomLeft(code: string, path: unknown): string {
  const free = code === 'ENOSPC' && typeof path === 'string' ? diskFree(path) : undefined;
  return free === undefined ? '' : `, ${formatBytes(free)} are free there`;
}

/** What would help where it is the disk that says no. */
const HELP: Readonly<Record<string, string>> = {
  EDQUOT: 'make room there, or choose another place',
  ENOSPC: 'make room there, or choose another place',
  EROFS: 'choose another place',
};

/** What the system said no to, in words; undefined for other errors. */
export function systemWords(error: unknown): Pick<Problem, 'file' | 'message' | 'expected'> | undefined {
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  const words = code === undefined ? undefined : WORDS[code];
  if (code === undefined || words === undefined) return undefined;
  const expected = HELP[code];
  return {
    ...(typeof path === 'string' && { file: path }),
    message: words + roomLeft(code, path),
    ...(expected !== undefined && { expected }),
  };
}

/** Any error on one line or, where it says so itself, on several: those of the system in words. */
export function errorWords(error: unknown): string {
  const system = systemWords(error);
  if (system) return formatProblem(system);
  return messageOf(error);
}
