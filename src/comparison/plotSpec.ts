import type { Axis, Legend, Scale, Spec, Title } from 'vega';
import type { MetricPlot, PlotAxis } from './metricPlot.js';
import {
  type Axes,
  axesOf,
  type Domain,
  logTicks,
  placePoints,
  placeReference,
  placeTexts,
} from './plotGeometry.js';
import {
  deviationMark,
  haloMark,
  labelMark,
  leaderMark,
  lineMark,
  pointMark,
  referenceMark,
} from './plotMarks.js';
import { COLOURS, FONT, FONT_SIZE, GRID, HEIGHT, INK, PALE, WIDTH } from './plotStyle.js';

/** Of points that belong to no group. */
const UNGROUPED = '';

function axis(orient: 'bottom' | 'left', given: PlotAxis, domain: Domain): Axis {
  return {
    orient,
    scale: orient === 'bottom' ? 'x' : 'y',
    title: given.title,
    titlePadding: 10,
    grid: given.kind !== 'category',
    labelOverlap: 'greedy',
    ...(given.format !== undefined && { format: given.format }),
    ...(given.kind === 'log' && { values: logTicks(domain) }),
    ...(given.kind === 'linear' && { tickCount: 6 }),
  };
}

const numbers = (name: string, kind: 'linear' | 'log', domain: Domain, range: 'width' | 'height'): Scale =>
  kind === 'log'
    ? { name, type: 'log', domain: [...domain], range, nice: false }
    : { name, type: 'linear', domain: [...domain], range, nice: false, zero: false };

function scales({ x, y }: MetricPlot, axes: Axes, groups: readonly string[]): Scale[] {
  const across: Scale =
    x.kind === 'category'
      ? { name: 'x', type: 'point', domain: [...axes.categories], range: 'width', padding: 0.5 }
      : numbers('x', x.kind, axes.x, 'width');
  return [
    across,
    numbers('y', y.kind === 'log' ? 'log' : 'linear', axes.y, 'height'),
    { name: 'colour', type: 'ordinal', domain: [...groups], range: [...COLOURS] },
  ];
}

const title = ({ title: text, subtitle }: MetricPlot): Title => ({
  text,
  subtitle,
  anchor: 'start',
  frame: 'group',
  offset: 14,
  subtitlePadding: 4,
});

const legend = (text: string): Legend => ({ fill: 'colour', title: text, symbolType: 'circle' });

/** One look for all plots, on white. */
const config = {
  axis: {
    gridColor: GRID,
    domainColor: PALE,
    tickColor: PALE,
    labelColor: INK,
    titleColor: INK,
    labelFont: FONT,
    titleFont: FONT,
    labelFontSize: FONT_SIZE,
    titleFontSize: FONT_SIZE + 1,
    titleFontWeight: 'normal',
  },
  legend: {
    labelFont: FONT,
    titleFont: FONT,
    labelFontSize: FONT_SIZE,
    titleFontSize: FONT_SIZE,
    titleFontWeight: 'normal',
    labelColor: INK,
    titleColor: INK,
  },
  title: {
    font: FONT,
    subtitleFont: FONT,
    fontSize: FONT_SIZE + 3,
    subtitleFontSize: FONT_SIZE,
    color: INK,
    subtitleColor: PALE,
  },
} as const;

/** The plot as a Vega specification: 640 by 400 pixels besides axes. */
export function plotSpec(plot: MetricPlot): Spec {
  const axes = axesOf(plot);
  const placed = placePoints(plot, axes);
  const groups = [...new Set(plot.points.map(({ group = UNGROUPED }) => group))];
  const reference = placeReference(plot, axes);
  const texts = placeTexts(plot.points, placed, reference);
  return {
    $schema: 'https://vega.github.io/schema/vega/v6.json',
    width: WIDTH,
    height: HEIGHT,
    padding: 14,
    background: 'white',
    config,
    title: title(plot),
    data: [
      {
        name: 'points',
        values: plot.points.map(({ group = UNGROUPED }, index) => ({ group, ...placed[index] })),
      },
      { name: 'labels', values: texts },
      { name: 'leaders', values: texts.filter(({ isFar }) => isFar) },
      { name: 'reference', values: reference === undefined ? [] : [{ y: reference }] },
    ],
    scales: scales(plot, axes, groups),
    axes: [axis('bottom', plot.x, axes.x), axis('left', plot.y, axes.y)],
    legends: plot.groupTitle === undefined ? [] : [legend(plot.groupTitle)],
    marks: [
      referenceMark,
      ...(plot.lines ? [lineMark] : []),
      leaderMark,
      deviationMark,
      pointMark,
      haloMark,
      labelMark,
    ],
  };
}
