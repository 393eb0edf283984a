import { dirname } from 'node:path';
import { writeFileAtomically } from '../checkpoints/atomicFile.js';
import type { Modules } from '../prepare/modules.js';
import type { WrittenRecipe } from '../recipe/recipe.js';
import { schemaReference } from '../recipe/shipped.js';
import { parseRecipe } from '../recipe/source.js';
import { resolveRecipe } from '../recipe/validate.js';
import { makeFolder } from '../system/makeFolder.js';

/** Writes a recipe that was checked as it stands in the file; throws UsageError, and writes nothing, where it is not right. */
export function writeRecipe(file: string, recipe: WrittenRecipe, modules: Modules): void {
  const text = `${JSON.stringify({ $schema: schemaReference(file), ...recipe }, null, 2)}\n`;
  const { input, source } = parseRecipe(text, file);
  resolveRecipe(input, { source, modules });
  makeFolder(dirname(file));
  writeFileAtomically(file, text);
}
