import { median } from './median.js';

/** Recalls are taken among the best 1, 5 and 10. */
export const CUTOFFS = [1, 5, 10] as const;

const recall = (ranks: readonly number[], k: number): number =>
  ranks.filter((rank) => rank < k).length / Math.max(1, ranks.length);

/** 1-based median; 1 where there are none. */
const medianRank = (ranks: readonly number[]): number => 1 + (ranks.length > 0 ? median(ranks) : 0);

/**
 * Recalls of both directions, as Flickr30k and COCO are reported.
 * @param textRanks 0-based rank of the best of each picture's captions (text retrieval)
 * @param pictureRanks 0-based rank of each caption's picture (image retrieval)
 * @returns shares `textRecall1` ... `pictureRecall10`, their mean `recallMean` (R@M), `rSum` = 100 times their sum, and
 * 1-based median ranks
 */
export function retrievalMetrics(
  textRanks: readonly number[],
  pictureRanks: readonly number[],
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
