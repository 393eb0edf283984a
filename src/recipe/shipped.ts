import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { parse } from 'jsonc-parser';
import { packageFolder } from '../system/packageFolder.js';

/** A recipe of this package. */
export interface ShippedRecipe {
  readonly name: string;
  readonly file: string;
  /** What it is for, in a few words. */
  readonly description: string;
  /** Kinds of its adapters; empty: only the head trains. */
  readonly adapters: readonly string[];
  readonly task: string;
}

interface Outline {
  readonly description?: string;
  readonly adapters?: readonly { readonly kind: string }[];
  readonly task?: { readonly kind: string };
}

/** Where the recipes of this package lie. */
export const recipesFolder = (): string => join(packageFolder(), 'recipes');

/** The `$schema` of a recipe: the schema of this package from where the recipe lies. */
export function schemaReference(file: string): string {
  const path = relative(dirname(resolve(file)), join(recipesFolder(), 'schema.json'));
  const schema = path.split(sep).join('/');
  return schema.startsWith('.') ? schema : `./${schema}`;
}

/** The recipes of this package, by name. */
export function shippedRecipes(): ShippedRecipe[] {
  const files = readdirSync(recipesFolder()).filter(
    (name) => name.endsWith('.json') && name !== 'schema.json',
  );
  return files.sort().map((name) => {
    const file = join(recipesFolder(), name);
    const { description = '', adapters = [], task } = parse(readFileSync(file, 'utf8')) as Outline;
    const kinds = adapters.map(({ kind }) => kind);
    return { name: basename(name, '.json'), file, description, adapters: kinds, task: task?.kind ?? '' };
  });
}
