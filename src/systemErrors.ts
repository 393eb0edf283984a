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

/** Whether there was no room to write. */
export function isDiskFull(error: unknown): boolean {
  const { code } = (error ?? {}) as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** What the system said no to, in words; undefined for other errors. */
export function systemWords(
  error: unknown,
): { readonly file?: string; readonly message: string } | undefined {
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  const message = code === undefined ? undefined : WORDS[code];
  if (message === undefined) return undefined;
  return { ...(typeof path === 'string' && { file: path }), message };
}
