/** A value at a step. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Weight of the past in a smoothed curve. */
const SMOOTHING = 0.9;

/** An exponential mean that is not drawn to 0 at its start, as TensorBoard smooths curves. */
export function smooth(points: readonly Point[]): Point[] {
  let [mean, weight] = [0, 0];
  return points.map(({ x, y }) => {
    mean = SMOOTHING * mean + (1 - SMOOTHING) * y;
    weight = SMOOTHING * weight + (1 - SMOOTHING);
    return { x, y: mean / weight };
  });
}

/** Parts of a curve that are drawn at most, two points each. */
const PARTS = 120;

/** Fewer points that look the same: of each part of the curve its least and its largest, and both ends. */
export function thin(points: readonly Point[]): Point[] {
  if (points.length <= 2 * PARTS) return [...points];
  const kept = new Set([0, points.length - 1]);
  for (let part = 0; part < PARTS; part++) {
    const start = Math.floor((part * points.length) / PARTS);
    const end = Math.floor(((part + 1) * points.length) / PARTS);
    let [least, most] = [start, start];
    for (let at = start; at < end; at++) {
      if (points[at]!.y < points[least]!.y) least = at;
      if (points[at]!.y > points[most]!.y) most = at;
    }
    kept.add(least).add(most);
  }
  return points.filter((_, at) => kept.has(at));
}
