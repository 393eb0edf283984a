import { smallest } from '../base/lists.js';
/** A text that belongs to a point; pixels, y downwards. */
export interface Label {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Something that labels keep clear of, or the place of a label. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** A place that a label may take. */
interface Candidate {
  readonly box: Box;
  /** The way from the point to the box, in pieces; empty where the label stands beside its point. */
  readonly way: readonly Box[];
  /** How little it is liked where it stands alone. */
  readonly cost: number;
}

/** Pixels between a point and its label, nearest first. */
const DISTANCES = [9, 20, 34, 50, 70];
/** Sides of the point, the best liked first: to the right and down. */
const SIDES = [
  [1, 0],
  [-1, 0],
  [0, -1],
  [0, 1],
  [1, -1],
  [1, 1],
  [-1, -1],
  [-1, 1],
] as const;
const PIECES = 8;
const ROUNDS = 12;

const COST = { farther: 40, side: 2, hidden: 10, overlap: 20, crossing: 60, outside: 1e6 };

/** Square pixels that even a touch counts for. */
const TOUCH = 4;

function overlap(a: Box, b: Box): number {
  const width = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const height = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return width > 0 && height > 0 ? TOUCH + width * height : 0;
}

const overlaps = (boxes: readonly Box[], others: readonly Box[]): number =>
  boxes.reduce((sum, box) => sum + others.reduce((own, other) => own + overlap(box, other), 0), 0);

const isInside = (inner: Box, outer: Box): boolean =>
  inner.left >= outer.left &&
  inner.right <= outer.right &&
  inner.top >= outer.top &&
  inner.bottom <= outer.bottom;

const around = (x: number, y: number, width: number, height: number): Box => ({
  left: x - width / 2,
  right: x + width / 2,
  top: y - height / 2,
  bottom: y + height / 2,
});

/** Where the line from a point to a box ends. */
export const nearestIn = (
  { left, right, top, bottom }: Box,
  x: number,
  y: number,
): readonly [number, number] => [Math.min(Math.max(x, left), right), Math.min(Math.max(y, top), bottom)];

function wayTo(box: Box, { x, y }: Label): Box[] {
  const [endX, endY] = nearestIn(box, x, y);
  return Array.from({ length: PIECES }, (_, index) => {
    const share = (index + 0.5) / PIECES;
    return around(x + share * (endX - x), y + share * (endY - y), 2, 2);
  });
}

function candidatesOf(label: Label, area: Box, obstacles: readonly Box[]): Candidate[] {
  const { x, y, width, height } = label;
  return DISTANCES.flatMap((distance, far) =>
    SIDES.map(([right, down], side) => {
      const across = x + right * (distance + width / 2);
      const box = around(across, y + down * (0.8 * distance + height / 2), width, height);
      const outside = isInside(box, area) ? 0 : COST.outside;
      const hidden = COST.hidden * overlaps([box], obstacles);
      const cost = COST.farther * far + COST.side * side + hidden + outside;
      return { box, way: far > 0 ? wayTo(box, label) : [], cost };
    }),
  );
}

/** What a place costs beside the others: covered texts, and lines through texts. */
function costBeside({ box, way, cost }: Candidate, others: readonly Candidate[]): number {
  const boxes = others.map((other) => other.box);
  const ways = others.flatMap((other) => other.way);
  return (
    cost +
    COST.overlap * overlaps([box], boxes) +
    COST.crossing * (overlaps(way, boxes) + overlaps(ways, [box]))
  );
}

/**
 * Places texts beside their points so that they cover neither each other nor the obstacles, as far as there is room:
 * each label in turn takes its cheapest place, until none moves.
 */
export function placeLabels(labels: readonly Label[], area: Box, obstacles: readonly Box[]): Box[] {
  const candidates = labels.map((label) => candidatesOf(label, area, obstacles));
  const places: (Candidate | undefined)[] = labels.map(() => undefined);
  for (let round = 0, moved = true; moved && round < ROUNDS; round++) {
    moved = false;
    for (const [index, own] of candidates.entries()) {
      const others = places.filter(
        (place): place is Candidate => place !== undefined && place !== places[index],
      );
      const costs = own.map((candidate) => costBeside(candidate, others));
      const best = own[costs.indexOf(smallest(costs))];
      moved ||= best !== places[index];
      places[index] = best;
    }
  }
  return places.map((place) => (place as Candidate).box);
}
