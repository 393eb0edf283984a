import type { Axis, Mark, Scale, Spec } from 'vega';
import type { Point } from './series.js';
import type { StartAbove } from './startAbove.js';

/** A line or points of a chart; its colour is a variable of the page's style. */
export interface ChartSeries {
  readonly points: readonly Point[];
  readonly mark: 'line' | 'points';
  /** Which of the page's colours, from 1. */
  readonly colour: number;
  /** Drawn lightly, behind the others. */
  readonly pale?: boolean;
  /** Lengths of dashes and gaps. */
  readonly dash?: readonly number[];
}

/** Curves over steps. */
export interface Chart {
  readonly series: readonly ChartSeries[];
  /** What is left out at the top. */
  readonly above?: StartAbove | undefined;
}

/** Small enough for a phone: on wide screens charts stand beside each other. */
const SIZE = { width: 340, height: 210 };

const INK = 'var(--ink)';
const PALE = 'var(--pale)';
const GRID = 'var(--line)';

const config = {
  axis: {
    labelColor: INK,
    titleColor: PALE,
    domainColor: PALE,
    tickColor: PALE,
    gridColor: GRID,
    labelFont: 'inherit',
    titleFont: 'inherit',
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: 'normal',
  },
} as const;

const field = (name: 'x' | 'y') => ({ scale: name, field: name });

function markOf({ mark, colour, pale = false, dash }: ChartSeries, at: number): Mark {
  const stroke = { value: `var(--series-${colour})` };
  const place = { x: field('x'), y: field('y') };
  const from = { data: `series-${at}` };
  if (mark === 'points') {
    const shape = { size: { value: 34 }, fill: { value: 'var(--ground)' }, strokeWidth: { value: 2 } };
    return { type: 'symbol', aria: false, from, encode: { enter: { ...place, ...shape, stroke } } };
  }
  const width = { strokeWidth: { value: pale ? 1 : 2 }, strokeOpacity: { value: pale ? 0.4 : 1 } };
  const dashes = dash ? { strokeDash: { value: [...dash] } } : {};
  return {
    type: 'line',
    aria: false,
    from,
    encode: { enter: { ...place, ...width, ...dashes, stroke } },
  };
}

function scalesOf({ series, above }: Chart): Scale[] {
  const points = series.flatMap((one) => one.points);
  const xs = points.map(({ x }) => x);
  const ys = points.map(({ y }) => y);
  const least = (values: readonly number[]) => values.reduce((a, b) => Math.min(a, b));
  const most = (values: readonly number[]) => values.reduce((a, b) => Math.max(a, b));
  const [low, high] = [least(ys), above?.top ?? most(ys)];
  const space = low === high ? Math.abs(low) * 0.1 || 1 : 0;
  return [
    { name: 'x', type: 'linear', domain: [0, most(xs)], range: 'width', zero: false },
    {
      name: 'y',
      type: 'linear',
      domain: [low - space, high + space],
      range: 'height',
      zero: false,
      nice: true,
    },
  ];
}

/** How numbers up to this size are written (d3-format). */
function formatUpTo(most: number): string {
  if (most >= 10_000) return '~s';
  return most < 1e-3 ? '~e' : '~r';
}

/** Each number by itself: an axis that writes them alike writes 0 as 0k. */
const labelled = (format: string): Pick<Axis, 'encode'> => ({
  encode: { labels: { update: { text: { signal: `format(datum.value, '${format}')` } } } },
});

/** What a screen reader reads stands beside the chart. */
function axesOf({ series, above }: Chart): Axis[] {
  const points = series.flatMap((one) => one.points);
  const most = points.reduce((high, { y }) => Math.max(high, Math.abs(Math.min(y, above?.top ?? y))), 0);
  const last = points.reduce((high, { x }) => Math.max(high, x), 0);
  const all = { aria: false, tickCount: 5 };
  return [
    {
      ...all,
      ...labelled(formatUpTo(last)),
      title: 'step',
      labelOverlap: 'greedy',
      orient: 'bottom',
      scale: 'x',
    },
    { ...all, ...labelled(formatUpTo(most)), orient: 'left', scale: 'y', grid: true },
  ];
}

/** The chart as a Vega specification. */
const chartSpec = (chart: Chart): Spec => ({
  $schema: 'https://vega.github.io/schema/vega/v6.json',
  ...SIZE,
  autosize: { type: 'fit', contains: 'padding' },
  padding: 4,
  config,
  // Left out rather than clipped: Vega numbers clips by what it drew before, and pages would differ.
  data: chart.series.map(({ points }, at) => ({
    name: `series-${at}`,
    values: points.filter(({ y }) => y <= (chart.above?.top ?? y)),
  })),
  scales: scalesOf(chart),
  axes: axesOf(chart),
  marks: chart.series.map(markOf),
});

/** The chart as SVG to stand in a page. */
export async function drawChart(chart: Chart): Promise<string> {
  const { parse, View } = await import('vega');
  const view = new View(parse(chartSpec(chart)), { renderer: 'none' });
  try {
    // Inside a page the namespaces go without saying.
    return (await view.toSVG()).replace(/ xmlns(:xlink)?="[^"]*"/g, '');
  } finally {
    view.finalize();
  }
}
