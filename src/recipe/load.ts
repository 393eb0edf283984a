import { readUtf8 } from '../system/utf8Text.js';
import { findRecipe } from './find.js';
import { applyOverrides } from './override.js';
import { type ParsedRecipe, parseRecipe } from './source.js';

/** Reads a recipe by file or shipped name and applies `--set`s; throws UsageError with every problem. */
export function readRecipe(nameOrFile: string, settings: readonly string[] = []): ParsedRecipe {
  const file = findRecipe(nameOrFile);
  return applyOverrides(parseRecipe(readUtf8(file), file), settings);
}
