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

/** What the system said no to, in words; undefined for other errors. */
export function systemWords(
  error: unknown,
): { readonly file?: string; readonly message: string } | undefined {
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  const message = code === undefined ? undefined : WORDS[code];
  if (message === undefined) return undefined;
  return { ...(typeof path === 'string' && { file: path }), message };
}
