import { isJsonObject } from '../base/json.js';

/** A line of a recipe in JSON. */
export interface RecipeLine {
  readonly text: string;
  /** The key has its default value; undefined for brackets. */
  readonly isDefault?: boolean;
}

const isFlat = (value: unknown): boolean =>
  Array.isArray(value)
    ? value.every((item) => !isJsonObject(item) && !Array.isArray(item))
    : !isJsonObject(value);

/** A value as JSON, a line a key; lists of plain values stay on one line. */
export function recipeLines(recipe: unknown, defaults: readonly string[]): RecipeLine[] {
  const known = new Set(defaults);
  const lines: RecipeLine[] = [];
  const write = (value: unknown, path: string, indent: string, before: string, after: string): void => {
    if (isFlat(value) || Object.keys(value as object).length === 0) {
      lines.push({ text: `${indent}${before}${JSON.stringify(value)}${after}`, isDefault: known.has(path) });
      return;
    }
    const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
    lines.push({ text: `${indent}${before}${open}` });
    const members = Object.entries(value as object);
    for (const [at, [key, member]] of members.entries()) {
      const inside = Array.isArray(value) ? `${path}[${key}]` : path ? `${path}.${key}` : key;
      const name = Array.isArray(value) ? '' : `${JSON.stringify(key)}: `;
      write(member, inside, `${indent}  `, name, at < members.length - 1 ? ',' : '');
    }
    lines.push({ text: `${indent}${close}${after}` });
  };
  write(recipe, '', '', '', '');
  return lines;
}
