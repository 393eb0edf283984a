import { largest, smallest } from '../../src/lists.js';
import { type Corners, isFound } from './boxOverlap.js';

/**
 * What a phrase's box is compared with: `any` of its chain's boxes, or all of them `merged` into the smallest box
 * around them. Papers use both; the figures of one are not those of the other.
 */
export type BoxProtocol = 'any' | 'merged';

const least = (boxes: readonly Corners[], side: 0 | 1) => smallest(boxes.map((box) => box[side]));
const most = (boxes: readonly Corners[], side: 2 | 3) => largest(boxes.map((box) => box[side]));

/** The boxes that are right for a phrase with these boxes. */
export const rightBoxes = (boxes: readonly Corners[], protocol: BoxProtocol): readonly Corners[] =>
  protocol === 'any' || boxes.length < 2
    ? boxes
    : [[least(boxes, 0), least(boxes, 1), most(boxes, 2), most(boxes, 3)]];

/** 0-based rank of the first box that overlaps a right one by half; undefined where none does. */
export function rightRank(ranked: readonly Corners[], right: readonly Corners[]): number | undefined {
  const rank = ranked.findIndex((box) => right.some((truth) => isFound(box, truth)));
  return rank < 0 ? undefined : rank;
}

const share = (ranks: readonly (number | undefined)[], isRight: (rank: number) => boolean): number =>
  ranks.filter((rank) => rank !== undefined && isRight(rank)).length / Math.max(1, ranks.length);

/**
 * Recall of Flickr30k Entities (Plummer et al. 2015, arXiv 1505.04870, section 5): shares of phrases with a right box
 * among the first 1, 5 and 10, and `upperBound`, among all. Phrases without a right candidate count as missed.
 * @param ranks of each phrase, as `rightRank` gives them
 */
export const phraseRecall = (ranks: readonly (number | undefined)[]) => ({
  recall1: share(ranks, (rank) => rank < 1),
  recall5: share(ranks, (rank) => rank < 5),
  recall10: share(ranks, (rank) => rank < 10),
  upperBound: share(ranks, () => true),
});
