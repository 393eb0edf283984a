import { readdirSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { UsageError } from '../base/errors.js';
import { nearestName } from '../base/nearest.js';
import { fileStatus } from '../system/fileStatus.js';
import { shippedRecipes } from './shipped.js';

const isFolder = (path: string): boolean => fileStatus(path)?.isDirectory() ?? false;

const isFile = (path: string): boolean => fileStatus(path)?.isFile() ?? false;

const shorter = (file: string): string => {
  const fromHere = relative(process.cwd(), file);
  return fromHere.length < file.length ? fromHere : file;
};

/** The recipe beside it that is called almost the same. */
function nearestFile(file: string): string {
  const folder = dirname(file);
  const there = isFolder(folder) ? readdirSync(folder).filter((name) => /\.jsonc?$/.test(name)) : [];
  const nearest = nearestName(basename(file), there);
  return nearest === undefined ? LIST : `did you mean ${JSON.stringify(join(folder, nearest))}?`;
}

const LIST = 'vlgraft recipes ls lists the shipped ones';

/** The file of a recipe: the path itself, or the shipped recipe of this name. Throws UsageError with the nearest name. */
export function findRecipe(nameOrFile: string): string {
  if (isFile(nameOrFile)) return nameOrFile;
  const shipped = shippedRecipes();
  const found = shipped.find(({ name }) => name === nameOrFile);
  if (found) return shorter(found.file);
  const names = shipped.map(({ name }) => name);
  if (isFolder(nameOrFile)) {
    const inside = join(nameOrFile, 'recipe.json');
    const expected = isFile(inside) ? `did you mean ${JSON.stringify(inside)}?` : LIST;
    throw new UsageError({ file: nameOrFile, message: 'this is a folder, not a recipe', expected });
  }
  if (/[/\\]|\.jsonc?$/.test(nameOrFile)) {
    const expected = nearestFile(nameOrFile);
    throw new UsageError({ file: nameOrFile, message: 'there is no such file', expected });
  }
  const message = `there is no file and no shipped recipe ${JSON.stringify(nameOrFile)}`;
  const nearest = nearestName(nameOrFile, names);
  throw new UsageError({ message, expected: nearest ? `did you mean "${nearest}"?` : LIST });
}
