/**
 * Area under the ROC curve of ascending scores, each counted as often as `times` says: the share of (positive, negative)
 * pairs in the right order, a tie counting one half (Mann-Whitney U). NaN without positives or without negatives,
 * and where a score is NaN.
 */
export function rocAucOfSorted(
  scores: ArrayLike<number>,
  labels: ArrayLike<boolean | number>,
  times: ArrayLike<number>,
): number {
  let [ordered, positives, negatives] = [0, 0, 0];
  for (let at = 0; at < scores.length; ) {
    const score = scores[at]!;
    if (Number.isNaN(score)) return Number.NaN;
    let [tiedPositives, tiedNegatives] = [0, 0];
    for (; at < scores.length && scores[at] === score; at++) {
      if (labels[at]) tiedPositives += times[at]!;
      else tiedNegatives += times[at]!;
    }
    ordered += tiedPositives * (negatives + tiedNegatives / 2);
    positives += tiedPositives;
    negatives += tiedNegatives;
  }
  return ordered / (positives * negatives);
}

/** Area under the ROC curve; NaN without positives or without negatives, and where a score is NaN. */
export function rocAuc(scores: readonly number[], labels: readonly boolean[]): number {
  const order = [...scores.keys()].sort((a, b) => scores[a]! - scores[b]!);
  return rocAucOfSorted(
    order.map((at) => scores[at]!),
    order.map((at) => labels[at]!),
    order.map(() => 1),
  );
}
