// Hooks of module resolution: what a file given with --use imports as 'vlgraft' is the vlgraft that runs it.

interface Resolved {
  readonly url: string;
  readonly shortCircuit?: boolean;
}

let entries: Readonly<Record<string, string>> = {};

/** Called with the package's entries, specifier -> URL. */
export const initialize = (own: Readonly<Record<string, string>>): void => {
  entries = own;
};

/** Resolves the package's own names to the files that run, everything else as usual. */
export async function resolve(
  specifier: string,
  context: object,
  next: (specifier: string, context: object) => Promise<Resolved>,
): Promise<Resolved> {
  const own = entries[specifier];
  return own === undefined ? next(specifier, context) : { url: own, shortCircuit: true };
}
