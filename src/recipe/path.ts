/** A place inside a recipe: keys and array indexes from the root. */
export type Path = readonly (string | number)[];

/** `adapters[0].reductionFactor`; the root is the empty string. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text ? `${text}.${part}` : part;
  }, '');
}

/** The value at a path, or undefined where there is none. */
export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, part) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, part)
        ? (value as Record<string | number, unknown>)[part]
        : undefined,
    root,
  );
}

/** Reads `adapters[0].reductionFactor`; undefined when it is not such a path. */
export function parsePath(text: string): Path | undefined {
  if (!/^[^.[\]=]+(\.[^.[\]=]+|\[\d+\])*$/.test(text)) return undefined;
  return [...text.matchAll(/\[(\d+)\]|[^.[\]]+/g)].map((match) =>
    match[1] === undefined ? match[0] : Number(match[1]),
  );
}

/** Whether a path is this place or lies inside it. */
export const isPrefix = (prefix: Path, path: Path): boolean => prefix.every((part, i) => part === path[i]);
