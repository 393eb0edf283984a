/**
 * Area under the ROC curve: the share of (positive, negative) pairs in the right order, a tie counting one half
 * (Mann-Whitney U). NaN without positives or without negatives.
 */
export function rocAuc(scores: readonly number[], labels: readonly boolean[]): number {
  const order = [...scores.keys()].sort((a, b) => scores[a]! - scores[b]!);
  const positives = labels.filter(Boolean).length;
  let ranks = 0;
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) end++;
    const middle = (start + 1 + end) / 2; // mean of the 1-based ranks of a tie
    for (let at = start; at < end; at++) if (labels[order[at]!]) ranks += middle;
    start = end;
  }
  return (ranks - (positives * (positives + 1)) / 2) / (positives * (scores.length - positives));
}
