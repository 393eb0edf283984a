import { largest, smallest } from '../../src/base/lists.js';
import { type Corners, isFound } from './boxOverlap.js';
import { recallAt, type Standing, standingOf } from './ties.js';

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

/** Where the first of these boxes that overlaps a right one by half stands; undefined where none does. */
export function rightStanding(
  boxes: readonly Corners[],
  scores: readonly number[],
  right: readonly Corners[],
): Standing | undefined {
  const found = [...boxes.keys()].filter((at) => right.some((truth) => isFound(boxes[at]!, truth)));
  return found.length > 0 ? standingOf(scores, found) : undefined;
}

/** The standing of a phrase's first right box; undefined: no candidate is right. */
export type PhraseStanding = Standing | undefined;

/** Sums over phrases of what `phraseRecall` takes the shares of. */
export function phraseRecallSums(standings: readonly PhraseStanding[]) {
  const within = (k: number) =>
    standings.reduce((sum, standing) => sum + (standing ? recallAt(standing, k) : 0), 0);
  return {
    recall1: within(1),
    recall5: within(5),
    recall10: within(10),
    upperBound: standings.filter(Boolean).length,
  };
}

/**
 * Recall of Flickr30k Entities (Plummer et al. 2015, arXiv 1505.04870, section 5): shares of phrases with a right box
 * among the first 1, 5 and 10, and `upperBound`, among all. Phrases without a right candidate count as missed.
 */
export function phraseRecall(standings: readonly PhraseStanding[]): ReturnType<typeof phraseRecallSums> {
  const { recall1, recall5, recall10, upperBound } = phraseRecallSums(standings);
  const share = (sum: number) => sum / Math.max(1, standings.length);
  return {
    recall1: share(recall1),
    recall5: share(recall5),
    recall10: share(recall10),
    upperBound: share(upperBound),
  };
}
