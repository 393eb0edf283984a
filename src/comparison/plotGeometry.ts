import { largest, smallest } from '../base/lists.js';
import { type Box, type Label, nearestIn, placeLabels } from './labelPlacement.js';
import type { MetricPlot, PlotAxis, PlotPoint } from './metricPlot.js';
import { CHARACTER, FONT_SIZE, HEIGHT, WIDTH } from './plotStyle.js';

/** Smallest and largest value of an axis. */
export type Domain = readonly [number, number];

/** What the axes of a plot span. */
export interface Axes {
  /** Of the x axis, where it has categories and no numbers. */
  readonly categories: readonly string[];
  readonly x: Domain;
  readonly y: Domain;
}

/** Where a point and the ends of its bar lie, pixels. */
export interface PlacedPoint {
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
}

/** The values and a margin around them. */
function domainOf(values: readonly number[], kind: PlotAxis['kind'], margin: number): Domain {
  const [low, high] = [smallest(values), largest(values)];
  if (kind === 'log') {
    const factor = Math.max((high / low) ** margin, 1.25);
    return [low / factor, high * factor];
  }
  const space = (high - low) * margin || Math.abs(high) * margin || 1;
  return [low - space, high + space];
}

/** What the axes have to span to show everything. */
export function axesOf({ points, x, y, reference }: MetricPlot): Axes {
  const ends = points.flatMap(({ y: value, deviation = 0 }) => [value - deviation, value + deviation]);
  const numbers = points.flatMap((point) => (typeof point.x === 'number' ? [point.x] : []));
  return {
    categories: x.kind === 'category' ? [...new Set(points.map((point) => String(point.x)))] : [],
    x: x.kind === 'category' ? [0, 1] : domainOf(numbers, x.kind, 0.12),
    y: domainOf([...ends, ...(reference === undefined ? [] : [reference])], y.kind, 0.1),
  };
}

/** Values to write on a logarithmic axis: 1, 2 and 5 times powers of ten; powers alone where these would crowd. */
export function logTicks([low, high]: Domain): number[] {
  const factors = Math.log10(high / low) > 3 ? [1] : [1, 2, 5];
  const powers = Array.from({ length: 40 }, (_, index) => index - 20);
  const ticks = powers.flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`)));
  return ticks.filter((tick) => tick >= low && tick <= high);
}

const shareOf = (value: number, [low, high]: Domain, kind: PlotAxis['kind']): number =>
  kind === 'log' ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);

/** Where a value lies, from the top. */
const downOf = (value: number, { y }: MetricPlot, axes: Axes): number =>
  HEIGHT * (1 - shareOf(value, axes.y, y.kind));

/** Where the line across a plot lies, from the top; undefined where there is none. */
export const placeReference = (plot: MetricPlot, axes: Axes): number | undefined =>
  plot.reference === undefined ? undefined : downOf(plot.reference, plot, axes);

/** Where the points of a plot lie. */
export function placePoints(plot: MetricPlot, axes: Axes): PlacedPoint[] {
  const { points, x } = plot;
  const across = (value: number | string) =>
    x.kind === 'category'
      ? (axes.categories.indexOf(String(value)) + 0.5) / axes.categories.length
      : shareOf(Number(value), axes.x, x.kind);
  const down = (value: number) => downOf(value, plot, axes);
  return points.map(({ deviation = 0, ...point }) => ({
    x: WIDTH * across(point.x),
    y: down(point.y),
    low: down(point.y - deviation),
    high: down(point.y + deviation),
  }));
}

const RADIUS = 6;
/** Of a label from its point, pixels, before a line joins them. */
const FAR = 14;
const AREA: Box = { left: 2, top: 2, right: WIDTH - 2, bottom: HEIGHT - 2 };

const around = ({ x, y, low, high }: PlacedPoint): Box[] => [
  { left: x - RADIUS, right: x + RADIUS, top: y - RADIUS, bottom: y + RADIUS },
  { left: x - 2, right: x + 2, top: high, bottom: low },
];

/** A label's text ends at the side of its point, so that a narrower font leaves no gap there. */
function textOf(label: string, { x, y }: PlacedPoint, box: Box) {
  const { left, right, top, bottom } = box;
  const [edgeX, edgeY] = nearestIn(box, x, y);
  const align = x < left ? 'left' : x > right ? 'right' : 'center';
  const textX = { left, right, center: (left + right) / 2 }[align];
  const isFar = Math.hypot(edgeX - x, edgeY - y) > FAR;
  return { label, align, textX, textY: (top + bottom) / 2, x, y, edgeX, edgeY, isFar };
}

/** Texts of the points that have a label, beside them and clear of each other and of all points. */
export function placeTexts(
  points: readonly PlotPoint[],
  placed: readonly PlacedPoint[],
  reference: number | undefined,
) {
  const labelled = points.flatMap(({ label }, index) =>
    label === undefined ? [] : [{ label, point: placed[index] as PlacedPoint }],
  );
  const boxes = labelled.map(({ label, point: { x, y } }): Label => {
    return { x, y, width: label.length * FONT_SIZE * CHARACTER, height: FONT_SIZE + 3 };
  });
  const line =
    reference === undefined ? [] : [{ left: 0, right: WIDTH, top: reference - 1, bottom: reference + 1 }];
  const places = placeLabels(boxes, AREA, [...placed.flatMap(around), ...line]);
  return labelled.map(({ label, point }, index) => textOf(label, point, places[index] as Box));
}
