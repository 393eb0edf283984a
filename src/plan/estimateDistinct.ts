/**
 * How many different things there are when a sample has met these so often: Chao's estimator in its bias-corrected form
 * (Chao 1984), from those met once and twice.
 * @param counts how often each was met in the sample
 * @param total things that will be met in all, the sample counted
 */
export function estimateDistinct(counts: readonly number[], total: number): number {
  const sample = counts.reduce((sum, count) => sum + count, 0);
  if (sample >= total) return counts.length;
  const once = counts.filter((count) => count === 1).length;
  const twice = counts.filter((count) => count === 2).length;
  const unseen = (once * (once - 1)) / (2 * (twice + 1));
  return Math.round(counts.length + Math.min(unseen, total - sample));
}
