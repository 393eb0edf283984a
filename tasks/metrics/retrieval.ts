import { median } from './median.js';
import { expectedRank, recallAt, type Standing } from './ties.js';

/** Recalls are taken among the best 1, 5 and 10. */
export const CUTOFFS = [1, 5, 10] as const;

/** Sum of the chances that one of the first k is right. */
export const recallSum = (standings: readonly Standing[], k: number): number =>
  standings.reduce((sum, standing) => sum + recallAt(standing, k), 0);

const recall = (standings: readonly Standing[], k: number): number =>
  recallSum(standings, k) / Math.max(1, standings.length);

/** 1-based median of the expected ranks; 1 where there are none. */
const medianRank = (standings: readonly Standing[]): number =>
  1 + (standings.length > 0 ? median(standings.map(expectedRank)) : 0);

/**
 * Recalls of both directions, as Flickr30k and COCO are reported.
 * @param textRanks where the best of each picture's captions stands (text retrieval)
 * @param pictureRanks where each caption's picture stands (image retrieval)
 * @returns shares `textRecall1` ... `pictureRecall10`, their mean `recallMean` (R@M), `rSum` = 100 times their sum, and
 * 1-based median ranks
 */
export function retrievalMetrics(
  textRanks: readonly Standing[],
  pictureRanks: readonly Standing[],
): Readonly<Record<string, number>> {
  const recalls = Object.fromEntries([
    ...CUTOFFS.map((k) => [`textRecall${k}`, recall(textRanks, k)]),
    ...CUTOFFS.map((k) => [`pictureRecall${k}`, recall(pictureRanks, k)]),
  ]) as Record<string, number>;
  const sum = Object.values(recalls).reduce((total, value) => total + value, 0);
  return {
    recallMean: sum / 6,
    ...recalls,
    rSum: 100 * sum,
    medianTextRank: medianRank(textRanks),
    medianPictureRank: medianRank(pictureRanks),
  };
}

/** Expected recalls of random orders: 1 - C(M - c, k) / C(M, k) for c right ones among M. */
export function chanceMetrics(captionCounts: readonly number[]): Readonly<Record<string, number>> {
  const [pictures, captions] = [captionCounts.length, captionCounts.reduce((sum, count) => sum + count, 0)];
  const missed = (right: number, all: number, k: number) => {
    let probability = 1;
    for (let i = 0; i < k; i++) probability *= Math.max(0, (all - right - i) / Math.max(1, all - i));
    return probability;
  };
  const text = (k: number) =>
    captionCounts.reduce((sum, count) => sum + 1 - missed(count, captions, Math.min(k, captions)), 0) /
    pictures;
  const recalls = [
    ...CUTOFFS.map((k) => [`textRecall${k}`, text(k)] as const),
    ...CUTOFFS.map((k) => [`pictureRecall${k}`, Math.min(1, k / pictures)] as const),
  ];
  const sum = recalls.reduce((total, [, value]) => total + value, 0);
  return { recallMean: sum / 6, ...Object.fromEntries(recalls), rSum: 100 * sum };
}
