import type { Problem } from '../src/base/errors.js';
import { percent } from '../src/base/figures.js';

/** What a task says of a split, whose place its caller knows. */
export type Remark = Pick<Problem, 'message' | 'expected'>;

/** Names of the most frequent class and its share. */
function mostFrequent(
  classes: readonly string[],
): { readonly name: string; readonly share: number } | undefined {
  const counts = new Map<string, number>();
  for (const one of classes) counts.set(one, (counts.get(one) ?? 0) + 1);
  const [first] = [...counts].sort(([, a], [, b]) => b - a);
  return first && { name: first[0], share: first[1] / classes.length };
}

/**
 * Remarks where one class stands for more than a share of the examples: a model that always says it looks good.
 * @param most share up to which classes count as balanced
 */
export function remarkOnBalance(classes: readonly string[], what: string, most: number): Remark[] {
  const found = mostFrequent(classes);
  if (!found || found.share <= most) return [];
  return [
    {
      message: `${percent(found.share)} of the ${what} are '${found.name}'`,
      expected: 'compare the metric with the answer without looking, which is told beside it',
    },
  ];
}
