import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { UsageError } from '../../src/base/errors.js';
import { readSafetensors, writeSafetensors } from '../../src/checkpoints/safetensors.js';
import { applyOverrides } from '../../src/recipe/override.js';
import type { Recipe } from '../../src/recipe/recipe.js';
import { parseRecipe } from '../../src/recipe/source.js';
import { resolveRecipe } from '../shipped.js';

/** The smallest recipe that is right in a folder of `makeRecipeFolder`, one key a line. */
export const minimal = `{
  "name": "first",
  "backbone": { "from": "model" },
  "adapters": [
    { "kind": "bottleneck" }
  ],
  "task": { "kind": "vqa" },
  "data": {
    "train": { "questions": "questions.json", "images": "pictures" },
    "regions": { "kind": "crop-pixels" }
  },
  "training": {
    "epochs": 2
  }
}
`;

const PROJECTION = 'embeddings.visual_projection.weight';

/** Lets a model read the features of `crop-pixels` as it is by default: 3 x 16 x 16 numbers. */
export function widenFeatures(folder: string): void {
  const file = join(folder, 'config.json');
  const config = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...config, visual_embedding_dim: 768 }));
  const weights = readSafetensors(join(folder, 'model.safetensors'));
  for (const [name, { shape }] of weights) {
    if (!name.endsWith(PROJECTION)) continue;
    const [width] = shape as [number];
    weights.set(name, { dtype: 'float32', shape: [width, 768], data: new Float32Array(width * 768) });
  }
  writeSafetensors(join(folder, 'model.safetensors'), weights);
}

/** A folder with a two-layer backbone and the data files of `minimal`. */
export function makeRecipeFolder(): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'vlgraft-recipe-'));
  cpSync(resolve(import.meta.dirname, '../parity/VisualBertModel'), join(folder, 'model'), {
    recursive: true,
  });
  widenFeatures(join(folder, 'model'));
  mkdirSync(join(folder, 'pictures'));
  writeFileSync(join(folder, 'questions.json'), '{}');
  return { folder, remove: () => rmSync(folder, { recursive: true }) };
}

/** Resolves a recipe's text in a folder. */
export function resolveText(text: string, folder: string, settings: readonly string[] = []): Recipe {
  const { input, source } = applyOverrides(parseRecipe(text, 'r.json'), settings);
  return resolveRecipe(input, { source, directory: folder });
}

/** The lines of the UsageError that the work throws; none when it throws nothing. */
export function problemsOf(work: () => unknown): string[] {
  try {
    work();
    return [];
  } catch (error) {
    if (error instanceof UsageError) return error.message.split('\n');
    throw error;
  }
}
