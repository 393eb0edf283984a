import { readFileSync, statSync } from 'node:fs';
import { relative } from 'node:path';
import { UsageError } from '../errors.js';
import { suggest } from './nearest.js';
import { applyOverrides } from './override.js';
import { shippedRecipes } from './shipped.js';
import { type ParsedRecipe, parseRecipe } from './source.js';

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

const shorter = (file: string): string => {
  const fromHere = relative(process.cwd(), file);
  return fromHere.length < file.length ? fromHere : file;
};

/** The file of a recipe: the path itself, or the shipped recipe of this name. Throws UsageError with the nearest name. */
export function findRecipe(nameOrFile: string): string {
  if (isFile(nameOrFile)) return nameOrFile;
  const shipped = shippedRecipes();
  const found = shipped.find(({ name }) => name === nameOrFile);
  if (found) return shorter(found.file);
  const names = shipped.map(({ name }) => name);
  if (/[/\\]|\.jsonc?$/.test(nameOrFile))
    throw new UsageError({ file: nameOrFile, message: 'there is no such file' });
  const message = `there is no file and no shipped recipe ${JSON.stringify(nameOrFile)}`;
  throw new UsageError({ message, expected: suggest(nameOrFile, names, 'shipped recipes') });
}

/** Reads a recipe by file or shipped name and applies `--set`s; throws UsageError with every problem. */
export function readRecipe(nameOrFile: string, settings: readonly string[] = []): ParsedRecipe {
  const file = findRecipe(nameOrFile);
  return applyOverrides(parseRecipe(readFileSync(file, 'utf8'), file), settings);
}
