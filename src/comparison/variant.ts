import { type Problem, UsageError } from '../base/errors.js';
import type { Json } from '../base/json.js';
import { addAll } from '../base/lists.js';
import type { Override } from '../recipe/override.js';

/** One of the things that are compared: what it changes in the recipe. */
export interface Variant {
  /** Unique in the comparison: `lora:rank=8`, `learningRate=0.001`. */
  readonly name: string;
  /** Values of the keys that a sweep varies, by the names of its columns. */
  readonly values?: Readonly<Record<string, Json>>;
  readonly changes: readonly Override[];
}

/** Variants, and what is wrong with those that could not be made: told together with what is wrong with the recipe. */
export interface Variants {
  readonly variants: readonly Variant[];
  readonly problems: readonly Problem[];
}

/** What could be made of each item, and the problems of all the others. */
export function gatherProblems<From, To>(
  items: readonly From[],
  make: (item: From) => To,
): { readonly made: To[]; readonly problems: Problem[] } {
  const problems: Problem[] = [];
  const made = items.flatMap((item) => {
    try {
      return [make(item)];
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      addAll(problems, error.problems);
      return [];
    }
  });
  return { made, problems };
}
