import { isAbsolute, relative, resolve, sep } from 'node:path';

/** The path of a file that stays inside `folder`; undefined where its name, taken from a data file, would lead out of it. */
export function insideFolder(folder: string, name: string): string | undefined {
  if (name === '' || name.includes('\0') || isAbsolute(name)) return undefined;
  const path = resolve(folder, name);
  const way = relative(resolve(folder), path);
  const escapes = way === '' || way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way);
  return escapes ? undefined : path;
}
