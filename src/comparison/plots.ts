import type { Json } from '../base/json.js';
import { largest, smallest } from '../base/lists.js';
import { HEAD_ONLY } from './adapterVariants.js';
import type { Comparison, ComparisonRow } from './comparison.js';
import type { MetricPlot, PlotAxis, PlotPoint } from './metricPlot.js';
import { rowTitle } from './table.js';

/** A plot and the name of its file, without an ending. */
export interface NamedPlot {
  readonly file: string;
  readonly plot: MetricPlot;
}

type Split = 'validation' | 'test';

/** Something that a metric is held against: a cost, or a key of a sweep. */
interface Abscissa {
  readonly file: string;
  readonly name: string;
  readonly axis: PlotAxis;
  readonly read: (row: ComparisonRow) => number | string | undefined;
}

const COSTS: readonly Abscissa[] = [
  {
    file: 'parameters',
    name: 'trainable parameters',
    axis: { title: 'trainable parameters, head included', kind: 'log', format: '~s' },
    read: ({ parameters }) => parameters?.trainable || undefined,
  },
  {
    file: 'time',
    name: 'training time',
    axis: { title: 'training time (s)', kind: 'linear' },
    read: ({ trainingSeconds }) => trainingSeconds || undefined,
  },
  {
    file: 'memory',
    name: 'peak memory',
    axis: { title: 'peak memory (MB)', kind: 'linear', format: ',d' },
    read: ({ peakMemoryBytes }) => peakMemoryBytes && peakMemoryBytes / 1e6,
  },
];

const show = (value: Json | undefined): string =>
  typeof value === 'string' ? value : JSON.stringify(value ?? null);

const WIDE = 20;
const SMALL = 0.01;

/** Logarithmic where the numbers span more than a decade, categories where they are none. */
function keyAxis(title: string, values: readonly (Json | undefined)[]): PlotAxis {
  const numbers = values.filter((value): value is number => typeof value === 'number');
  if (numbers.length < values.length) return { title, kind: 'category' };
  const [low, high] = [smallest(numbers), largest(numbers)];
  if (low <= 0 || high / low < WIDE) return { title, kind: 'linear' };
  return { title, kind: 'log', format: low < SMALL ? '~e' : '~g' };
}

function keyAbscissa({ rows }: Comparison, key: string): Abscissa {
  const values = rows.map((row) => row.values?.[key]);
  const axis = keyAxis(key, values);
  const read = (row: ComparisonRow) => {
    const value = row.values?.[key];
    return axis.kind === 'category' ? show(value) : (value as number);
  };
  return { file: key.replaceAll(/[^\w.-]+/g, '_'), name: key, axis, read };
}

const MOST_GROUPS = 8;

/** The other one of two keys gives the colours where it has few values, each with several of this key. */
function groupKey({ keys = [], rows }: Comparison, key: string): string | undefined {
  const [other, ...more] = keys.filter((one) => one !== key);
  if (other === undefined || more.length > 0) return undefined;
  const distinct = new Set(rows.map(({ values }) => show(values?.[other]))).size;
  return distinct <= MOST_GROUPS && distinct < rows.length ? other : undefined;
}

function pointsOf({ rows, kind }: Comparison, split: Split, { read }: Abscissa, group?: string): PlotPoint[] {
  return rows.flatMap((row): PlotPoint[] => {
    const [x, spread] = [read(row), row[split]];
    if (x === undefined || !spread) return [];
    const { mean, deviation } = spread;
    return [
      {
        x,
        y: mean,
        ...(deviation !== undefined && { deviation }),
        ...(kind === 'compare' && { label: rowTitle(row) }),
        ...(group !== undefined && { group: show(row.values?.[group]) }),
      },
    ];
  });
}

/** The metric of one split against one thing; undefined where there are not two points. */
function plotAgainst(comparison: Comparison, split: Split, abscissa: Abscissa): NamedPlot | undefined {
  const { kind, name, metric, seeds, keys = [], rows } = comparison;
  const group = kind === 'sweep' ? groupKey(comparison, abscissa.name) : undefined;
  const points = pointsOf(comparison, split, abscissa, group);
  if (points.length < 2) return undefined;
  const headOnly = rows.find((row) => row.name === HEAD_ONLY)?.[split]?.mean;
  const over = seeds.length > 1 ? `, mean and standard deviation of ${seeds.length} seeds` : '';
  const plot: MetricPlot = {
    title: `${metric.name} against ${abscissa.name}`,
    subtitle: name + over,
    x: abscissa.axis,
    y: { title: `${metric.name}, ${split} set`, kind: 'linear' },
    points,
    lines:
      kind === 'sweep' && abscissa.axis.kind !== 'category' && (keys.length === 1 || group !== undefined),
    ...(group !== undefined && { groupTitle: group }),
    ...(headOnly !== undefined && { reference: headOnly }),
  };
  return { file: abscissa.file, plot };
}

/**
 * The plots of a comparison: adapters against their costs, on the test set; the points of a sweep against its keys, on
 * the validation set, which is what a key is chosen by. Each on the other set where it has no figures.
 */
export function plotsOf(comparison: Comparison): NamedPlot[] {
  const { kind, rows, keys = [] } = comparison;
  const wanted = kind === 'compare' ? (['test', 'validation'] as const) : (['validation', 'test'] as const);
  const split = wanted.find((one) => rows.some((row) => row[one]));
  if (!split) return [];
  const against = kind === 'compare' ? COSTS : keys.map((key) => keyAbscissa(comparison, key));
  return against.flatMap((abscissa) => plotAgainst(comparison, split, abscissa) ?? []);
}
