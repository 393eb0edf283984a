import { realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

/** A path without symbolic links, as far as it is there. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realPath(parent), basename(path));
  }
}

/** Whether a path is a folder or lies in it. */
export function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return !(way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way));
}

/** The path of a file that stays inside `folder`; undefined where its name, taken from a data file, would lead out of it. */
export function insideFolder(folder: string, name: string): string | undefined {
  if (name === '' || name.includes('\0') || isAbsolute(name)) return undefined;
  const [root, path] = [resolve(folder), resolve(folder, name)];
  return path !== root && isWithin(path, root) ? path : undefined;
}
