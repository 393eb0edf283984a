/** x1, y1, x2, y2; ends exclusive, continuous coordinates. */
export type Corners = readonly [number, number, number, number];

const areaOf = ([x1, y1, x2, y2]: Corners): number => Math.max(0, x2 - x1) * Math.max(0, y2 - y1);

/** Intersection over union of two boxes, 0 where both have no area. */
export function intersectionOverUnion(a: Corners, b: Corners): number {
  const common = areaOf([
    Math.max(a[0], b[0]),
    Math.max(a[1], b[1]),
    Math.min(a[2], b[2]),
    Math.min(a[3], b[3]),
  ]);
  const union = areaOf(a) + areaOf(b) - common;
  return union > 0 ? common / union : 0;
}

/** The overlap from which a box counts as found. */
export const FOUND = 0.5;

/** Whether a box is the one that is meant: IoU of at least 0.5, as RefCOCO and Flickr30k Entities count it. */
export const isFound = (box: Corners, truth: Corners): boolean => intersectionOverUnion(box, truth) >= FOUND;
