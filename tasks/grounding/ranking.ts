import type { PixelBox } from '../../src/data/boxes.js';
import { isFound } from '../metrics/boxOverlap.js';
import { shareOf } from '../metrics/ties.js';
import type { Prediction } from '../task.js';

/** A candidate and how sure the model is of it. */
export interface RankedBox {
  readonly box: PixelBox;
  /** Its probability among the candidates. */
  readonly score: number;
  /** What that is made of: candidates with the same one are tied. */
  readonly logit: number;
}

/** Scores of regions that may not be chosen are lower. */
const LEAST_SCORE = -1e8;

/**
 * Candidates, best first, ties in their order.
 * @param scores of each region before the softmax, as `candidateScores` gives them
 */
export function rankCandidates(scores: ArrayLike<number>, boxes: readonly PixelBox[]): RankedBox[] {
  const candidates = Array.from(scores, (score, at) => ({ score, box: boxes[at] as PixelBox }))
    .filter(({ score }) => score > LEAST_SCORE)
    .sort((a, b) => b.score - a.score);
  const most = candidates[0]?.score ?? 0;
  const sum = candidates.reduce((total, { score }) => total + Math.exp(score - most), 0);
  return candidates.map(({ score, box }) => ({ box, score: Math.exp(score - most) / sum, logit: score }));
}

const round = (value: number) => Math.round(value * 100) / 100;

/** Pixels x, y, width, height, as COCO writes boxes. */
const cocoBox = ([x1, y1, x2, y2]: PixelBox): number[] => [x1, y1, x2 - x1, y2 - y1].map(round);

/** A box for a person, in pixels. */
export function showBox(box: PixelBox): string {
  const [x, y, width, height] = cocoBox(box);
  return `${width} x ${height} at ${x}, ${y}`;
}
/** The corners of a box as COCO writes it. */
export const cornersOf = ([x, y, w, h]: readonly number[]): PixelBox => [x!, y!, x! + w!, y! + h!];

/** A ranked box as predictions have it. */
export const writtenBox = ({ box, score }: Pick<RankedBox, 'box' | 'score'>) => ({
  box: cocoBox(box),
  score,
});

/** The boxes that are tied for the first place, as predictions have them; absent where one is first. */
export function writtenTies(ranked: readonly RankedBox[]): { readonly tied?: readonly number[][] } {
  const first = ranked.filter(({ logit }) => logit === ranked[0]?.logit);
  return first.length > 1 ? { tied: first.map(({ box }) => cocoBox(box)) } : {};
}

/** Boxes that a prediction may mean: those that are tied for the first place, or the one. */
export function predictedBoxes({ box, tied }: Prediction): PixelBox[] {
  const all = (tied ?? (Array.isArray(box) ? [box] : [])) as unknown as readonly (readonly number[])[];
  return all.map(cornersOf);
}

/** Chance that the box which is chosen overlaps the right one by half, each of those that are tied as likely. */
export const foundShare = (boxes: readonly PixelBox[], truth: PixelBox): number =>
  boxes.length === 0 ? 0 : shareOf(boxes, (box) => isFound(box, truth));
