import type { Point } from './series.js';

/** The start of a curve that would press all the rest against the bottom of its chart. */
export interface StartAbove {
  /** Where the axis ends. */
  readonly top: number;
  /** The last step that is above it. */
  readonly until: number;
  /** The largest value. */
  readonly most: number;
}

/** Share of the steps that are a start. */
const START = 0.1;
/** Points after the start that a range is taken of. */
const ENOUGH = 20;
/** How many times as high as all the rest the chart would be. */
const FACTOR = 2;
/** Share of the range that is left free above it. */
const SPACE = 0.05;

const most = (points: readonly Point[]): number =>
  points.reduce((high, { y }) => Math.max(high, y), Number.NEGATIVE_INFINITY);

/** What of the first tenth of the steps is so large that the chart leaves it out; undefined where all can be drawn. */
export function startAbove(points: readonly Point[]): StartAbove | undefined {
  const last = points.reduce((high, { x }) => Math.max(high, x), 0);
  const later = points.filter(({ x }) => x > START * last);
  const [low, high, all] = [-most(points.map(({ x, y }) => ({ x, y: -y }))), most(later), most(points)];
  if (later.length < ENOUGH || high <= low || all - low <= FACTOR * (high - low)) return undefined;
  const top = high + SPACE * (high - low);
  const until = points.reduce((step, { x, y }) => (y > top ? Math.max(step, x) : step), 0);
  return { top, until, most: all };
}
