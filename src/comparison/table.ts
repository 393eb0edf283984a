import { formatDuration, grouped, megabytes, metricFigure, percent } from '../base/figures.js';
import type { Json } from '../base/json.js';
import { largest } from '../base/lists.js';
import { visible } from '../base/visible.js';
import { HEAD_ONLY } from './adapterVariants.js';
import type { Comparison, ComparisonRow, Spread } from './comparison.js';

/** How a row is called in tables and plots. */
export const rowTitle = ({ name }: Pick<ComparisonRow, 'name'>): string =>
  name === HEAD_ONLY ? 'head only' : name;

const spreadText = (spread: Spread | undefined): string => {
  if (!spread) return '-';
  const { mean, deviation } = spread;
  return deviation === undefined ? metricFigure(mean) : `${metricFigure(mean)} ± ${metricFigure(deviation)}`;
};

const durationText = (seconds: number): string =>
  seconds < 1 ? `${(1000 * seconds).toFixed(seconds < 0.01 ? 1 : 0)} ms` : `${seconds.toFixed(2)} s`;

const perhaps = <T>(value: T | undefined, show: (value: T) => string): string =>
  value === undefined ? '-' : show(value);

const jsonText = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** What went wrong with a row's trials, behind its name. */
function failures({ trials }: ComparisonRow): string {
  const failed = trials.filter(({ error }) => error !== undefined).length;
  if (failed === 0) return '';
  return failed === trials.length ? ' (failed)' : ` (${failed} of ${trials.length} seeds failed)`;
}

interface Column {
  readonly heading: string;
  readonly cell: (row: ComparisonRow) => string;
  /** Of the row of the best answer that ignores pictures and texts. */
  readonly baseline?: string;
}

/** The row's name, or, in a sweep, a column a key. */
function nameColumns({ kind, keys }: Comparison): Column[] {
  if (kind === 'compare' || !keys)
    return [
      { heading: 'adapter', cell: (row) => rowTitle(row) + failures(row), baseline: 'without looking' },
    ];
  return keys.map((key, index) => ({
    heading: key,
    cell: (row) => jsonText(row.values?.[key] ?? null) + (index === 0 ? failures(row) : ''),
    ...(index === 0 && { baseline: 'without looking' }),
  }));
}

function metricColumns({ rows, metric, baseline }: Comparison): Column[] {
  const splits = (['validation', 'test'] as const).filter((split) => rows.some((row) => row[split]));
  return splits.map((split) => ({
    heading: `${split} ${metric.name}`,
    cell: (row) => spreadText(row[split]),
    baseline: perhaps(baseline[split], metricFigure),
  }));
}

const costColumns: readonly Column[] = [
  {
    heading: 'trained',
    cell: ({ parameters }) => perhaps(parameters, ({ trainable }) => grouped(trainable)),
  },
  { heading: 'of all', cell: ({ parameters }) => perhaps(parameters, ({ share }) => percent(share)) },
  { heading: 'step', cell: ({ secondsPerStep }) => perhaps(secondsPerStep, durationText) },
  { heading: 'training', cell: ({ trainingSeconds }) => perhaps(trainingSeconds, formatDuration) },
  { heading: 'peak memory', cell: ({ peakMemoryBytes }) => perhaps(peakMemoryBytes, megabytes) },
];

/** Best first where there is a best one; a comparison of adapters keeps its order. */
function ordered({ kind, rows, metric, best }: Comparison): readonly ComparisonRow[] {
  if (kind === 'compare' || best === undefined) return rows;
  const sign = metric.higherIsBetter ? -1 : 1;
  const rank = ({ validation }: ComparisonRow) =>
    validation ? sign * validation.mean : Number.POSITIVE_INFINITY;
  return [...rows].sort((a, b) => rank(a) - rank(b));
}

/** On one line, in one cell, and without what a terminal would act on. */
const escapeCell = (cell: string): string => visible(cell).replaceAll('|', '\\|');

/** A Markdown table whose columns stand below each other; the first `left` columns to the left. */
function markdownTable(rows: readonly (readonly string[])[], left: number): string {
  const cells = rows.map((row) => row.map(escapeCell));
  const widths = (cells[0] ?? []).map((_, column) =>
    largest(
      cells.map((row) => row[column]?.length ?? 0),
      3,
    ),
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, at) => (at < left ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join(' | ')} |`;
  const rule = widths.map((width, at) => (at < left ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  const [heading = [], ...body] = cells;
  return [line(heading), line(rule), ...body.map(line)].join('\n');
}

/** All rows and the baseline as a Markdown table that a terminal can show too. */
export function comparisonTable(comparison: Comparison): string {
  const names = nameColumns(comparison);
  const columns = [...names, ...metricColumns(comparison), ...costColumns];
  const hasBaseline = Object.keys(comparison.baseline).length > 0;
  const rows = [
    columns.map(({ heading }) => heading),
    ...(hasBaseline ? [columns.map(({ baseline }) => baseline ?? '-')] : []),
    ...ordered(comparison).map((row) => columns.map(({ cell }) => cell(row))),
  ];
  return markdownTable(rows, names.length);
}

/** What the table's figures are, and what failed. */
export function comparisonNotes({ seeds, rows, best, kind }: Comparison): string[] {
  const failed = rows.flatMap((row) =>
    row.trials.flatMap(({ seed, error }) =>
      error === undefined ? [] : [`${rowTitle(row)}, seed ${seed}: ${error}`],
    ),
  );
  const over =
    seeds.length > 1
      ? `Means over the seeds ${seeds.join(', ')}, ± standard deviation.`
      : `Seed ${seeds[0]}.`;
  return [
    over,
    ...(kind === 'sweep' && best !== undefined ? [`Best on the validation set: ${best}.`] : []),
    ...failed.map((line) => `Failed: ${visible(line)}`),
  ];
}
