import { formatDuration, grouped, percent } from '../base/figures.js';
import type { RunSummary } from '../run/summary.js';
import { formatTable } from './table.js';

/** One metric a row, one split a column, the answer that ignores pictures and texts beside it. */
function metricRows({ metrics, baseline, metric }: RunSummary): string[][] {
  const splits = (['validation', 'test'] as const).filter((split) => metrics[split]);
  const names = [...new Set(splits.flatMap((split) => Object.keys(metrics[split]?.values ?? {})))];
  const show = (value: number | undefined) => (value === undefined ? '' : value.toFixed(4));
  const rows = names.map((name) => [name, ...splits.map((split) => show(metrics[split]?.values[name]))]);
  const simple = ['without looking', ...splits.map((split) => show(baseline[split]?.values[metric]))];
  return [['', ...splits], ...rows, ...(splits.some((split) => baseline[split]) ? [simple] : [])];
}

/** What a run reached, in a few lines. */
export function formatSummary(summary: RunSummary): string {
  const { name, parameters, seconds, steps, folder, best, stoppedEarly } = summary;
  const ended = `${steps} steps${stoppedEarly ? ', stopped early' : ''}${best ? `, best after ${best.step}` : ''}`;
  return [
    formatTable(metricRows(summary)),
    '',
    `${name}: ${ended}, ${formatDuration(seconds.total)}`,
    `trained ${grouped(parameters.trainable)} of ${grouped(parameters.trainable + parameters.frozen)} parameters (${percent(parameters.share)})`,
    `run folder: ${folder}`,
  ].join('\n');
}
