// Arguments of a call stand on the stack, which lists from files overflow: these do what a spread call would.

/** Adds items to the end of a list. */
export function addAll<Item>(list: Item[], more: Iterable<Item>): void {
  for (const item of more) list.push(item);
}

/** The largest of the numbers; `otherwise` counts too. */
export const largest = (values: Iterable<number>, otherwise = Number.NEGATIVE_INFINITY): number => {
  let most = otherwise;
  for (const value of values) most = Math.max(most, value);
  return most;
};

/** The smallest of the numbers; `otherwise` counts too. */
export const smallest = (values: Iterable<number>, otherwise = Number.POSITIVE_INFINITY): number => {
  let least = otherwise;
  for (const value of values) least = Math.min(least, value);
  return least;
};

/** The first of several names, and how many more there are: `a, b, c and 4 more`. */
export function someOf(names: readonly string[], most: number): string {
  const more = names.length - most;
  return names.slice(0, most).join(', ') + (more > 0 ? ` and ${more} more` : '');
}
