import type { MetricReport } from '../../tasks/task.js';
import type { Json } from '../base/json.js';
import type { AdapterEntry } from '../model/attach.js';
import type { Modules } from '../prepare/modules.js';
import type { RunSummary } from '../run/summary.js';
import type { Outcome } from './runTrials.js';

/** A figure over the seeds of a variant. */
export interface Spread {
  readonly mean: number;
  /** Standard deviation of a sample (n - 1); absent with one seed. */
  readonly deviation?: number;
  /** In the order of the seeds that finished. */
  readonly values: readonly number[];
}

/** One trial as the results tell it. */
interface TrialResult {
  readonly seed: number;
  /** Its run folder. */
  readonly folder: string;
  /** Why it has no figures. */
  readonly error?: string;
}

/** What a variant reached, over its seeds; figures are means and leave failed trials out. */
export interface ComparisonRow {
  readonly name: string;
  /** Values of the keys that a sweep varies. */
  readonly values?: Readonly<Record<string, Json>>;
  /** Complete options. */
  readonly adapters: readonly AdapterEntry[];
  readonly trials: readonly TrialResult[];
  readonly validation?: Spread;
  readonly test?: Spread;
  /** The head included. */
  readonly parameters?: RunSummary['parameters'];
  /** Of one update; absent where nothing was trained. */
  readonly secondsPerStep?: number;
  /** Of the updates alone, evaluations apart. */
  readonly trainingSeconds?: number;
  /** Everything: start, data, training, evaluations. */
  readonly totalSeconds?: number;
  readonly peakMemoryBytes?: number;
}

/** What a comparison found; written as comparison.json. */
export interface Comparison {
  readonly kind: 'compare' | 'sweep';
  /** Name of the recipe. */
  readonly name: string;
  readonly task: string;
  readonly metric: { readonly name: string; readonly higherIsBetter: boolean };
  /** Folder of the run folders and of the results. */
  readonly folder: string;
  readonly seeds: readonly number[];
  /** Keys that a sweep varies, as in a row's `values`. */
  readonly keys?: readonly string[];
  /** The metric of the best answer that ignores pictures and texts. */
  readonly baseline: { readonly validation?: number; readonly test?: number };
  readonly rows: readonly ComparisonRow[];
  /** Name of the row that is best on the validation set. */
  readonly best?: string;
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean and standard deviation of a sample; undefined where it is empty. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  const middle = mean(values);
  if (values.length === 1) return { mean: middle, values };
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return { mean: middle, deviation: Math.sqrt(squares / (values.length - 1)), values };
}

const valueIn = (report: MetricReport | undefined, metric: string): number[] => {
  const value = report?.values[metric];
  return value === undefined ? [] : [value];
};

/** The figures of the trials that finished. */
function figuresOf(summaries: readonly RunSummary[], metric: string): Partial<ComparisonRow> {
  const [first] = summaries;
  if (!first) return {};
  const over = (read: (summary: RunSummary) => number) => mean(summaries.map(read));
  const split = (name: 'validation' | 'test') =>
    spreadOf(summaries.flatMap(({ metrics }) => valueIn(metrics[name], metric)));
  const [validation, test] = [split('validation'), split('test')];
  const trained = summaries.every(({ stepsPerSecond }) => stepsPerSecond > 0);
  return {
    ...(validation && { validation }),
    ...(test && { test }),
    parameters: first.parameters,
    ...(trained && { secondsPerStep: over(({ stepsPerSecond }) => 1 / stepsPerSecond) }),
    trainingSeconds: over(({ seconds }) => seconds.train),
    totalSeconds: over(({ seconds }) => seconds.total),
    peakMemoryBytes: over(({ peakMemoryBytes }) => peakMemoryBytes),
  };
}

function rowOf(outcomes: readonly Outcome[], metric: string): ComparisonRow {
  const { variant, recipe } = (outcomes[0] as Outcome).trial;
  const trials = outcomes.map(
    ({ trial, error }): TrialResult => ({
      seed: trial.seed,
      folder: trial.recipe.output,
      ...(error !== undefined && { error }),
    }),
  );
  return {
    name: variant.name,
    ...(variant.values && { values: variant.values }),
    adapters: recipe.adapters,
    trials,
    ...figuresOf(
      outcomes.flatMap(({ summary }) => summary ?? []),
      metric,
    ),
  };
}

function bestOf(rows: readonly ComparisonRow[], higherIsBetter: boolean): string | undefined {
  const measured = rows.filter(({ validation }) => validation);
  const sign = higherIsBetter ? 1 : -1;
  const signed = ({ validation }: ComparisonRow) => sign * (validation?.mean ?? 0);
  return measured.reduce<ComparisonRow | undefined>(
    (best, row) => (best && signed(best) >= signed(row) ? best : row),
    undefined,
  )?.name;
}

function baselineOf(outcomes: readonly Outcome[], metric: string): Comparison['baseline'] {
  const known = outcomes.find(({ summary }) => summary)?.summary?.baseline ?? {};
  const [validation] = valueIn(known.validation, metric);
  const [test] = valueIn(known.test, metric);
  return { ...(validation !== undefined && { validation }), ...(test !== undefined && { test }) };
}

/** What is told of a comparison besides its outcomes. */
export interface ComparisonFacts {
  readonly kind: Comparison['kind'];
  /** Name of the recipe. */
  readonly name: string;
  readonly folder: string;
}

/** Puts the outcomes of all trials together, one row a variant, in the order of the variants. */
export function summariseComparison(
  outcomes: readonly Outcome[],
  facts: ComparisonFacts,
  { tasks }: Pick<Modules, 'tasks'>,
): Comparison {
  const task = (outcomes[0] as Outcome).trial.recipe.task.kind;
  const metric = tasks.find(({ kind }) => kind === task)?.metric ?? { name: '', higherIsBetter: true };
  const names = [...new Set(outcomes.map(({ trial }) => trial.variant.name))];
  const rows = names.map((name) =>
    rowOf(
      outcomes.filter(({ trial }) => trial.variant.name === name),
      metric.name,
    ),
  );
  const best = bestOf(rows, metric.higherIsBetter);
  const keys = rows[0]?.values && Object.keys(rows[0].values);
  return {
    kind: facts.kind,
    name: facts.name,
    task,
    metric: { name: metric.name, higherIsBetter: metric.higherIsBetter },
    folder: facts.folder,
    seeds: [...new Set(outcomes.map(({ trial }) => trial.seed))],
    ...(keys && { keys }),
    baseline: baselineOf(outcomes, metric.name),
    rows,
    ...(best !== undefined && { best }),
  };
}
