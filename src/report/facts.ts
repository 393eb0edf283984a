import type { MetricReport } from '../../tasks/task.js';
import { memberOf } from '../base/json.js';
import type { Environment } from '../prepare/environment.js';
import type { DataFacts } from '../recording/dataFacts.js';
import type { ModuleSize } from '../run/moduleTable.js';
import type { RunSummary } from '../run/summary.js';
import { type Interval, intervalsOf } from './interval.js';
import type { RunRecord } from './runRecord.js';

/** A split that a run was measured on. */
export type MeasuredSplit = 'validation' | 'test';

/** A metric of a split. */
interface MetricFact {
  readonly value: number;
  /** 95 % confidence; absent where the metric is no mean over examples. */
  readonly interval?: Interval;
  /** Of the best answer that ignores pictures and texts. */
  readonly baseline?: number;
}

/** What was measured on one split. */
export interface SplitFact {
  readonly metrics: Readonly<Record<string, MetricFact>>;
  readonly loss?: number;
  readonly groups: NonNullable<MetricReport['groups']>;
  /** The groups of the best answer that ignores pictures and texts. */
  readonly baselineGroups: NonNullable<MetricReport['groups']>;
  readonly notes: readonly string[];
}

/** What the report of a run says, as data. */
export interface RunFacts {
  readonly name: string;
  readonly folder: string;
  readonly task: string;
  readonly seed: number;
  /** The metric that picked the best weights, on the test set where there is one. */
  readonly headline?: MetricFact & { readonly metric: string; readonly split: MeasuredSplit };
  readonly splits: Readonly<Partial<Record<MeasuredSplit, SplitFact>>>;
  readonly steps: number;
  readonly best?: RunSummary['best'];
  readonly stoppedEarly: boolean;
  readonly parameters: RunSummary['parameters'] & { readonly modules: readonly ModuleSize[] };
  readonly seconds: RunSummary['seconds'];
  readonly peakMemoryBytes: number;
  readonly data?: DataFacts;
  readonly environment?: Environment;
}

const SPLITS = ['validation', 'test'] as const;

function splitFact(run: RunRecord, split: MeasuredSplit): SplitFact | undefined {
  const { metrics, baseline } = run.summary;
  const report = metrics[split];
  if (!report) return undefined;
  const outcomes = run.outcomes[split];
  const intervals = outcomes ? intervalsOf(outcomes) : {};
  const facts = Object.entries(report.values).map(([name, value]): [string, MetricFact] => {
    const interval = memberOf(intervals, name);
    const without = memberOf(baseline[split]?.values ?? {}, name);
    return [
      name,
      { value, ...(interval && { interval }), ...(without !== undefined && { baseline: without }) },
    ];
  });
  return {
    metrics: Object.fromEntries(facts),
    ...(report.loss !== undefined && { loss: report.loss }),
    groups: report.groups ?? {},
    baselineGroups: baseline[split]?.groups ?? {},
    notes: report.notes ?? [],
  };
}

function headlineOf(splits: RunFacts['splits'], metric: string): RunFacts['headline'] {
  const split = SPLITS.toReversed().find((name) => memberOf(splits[name]?.metrics ?? {}, metric));
  const fact = split && memberOf(splits[split]?.metrics ?? {}, metric);
  return split && fact && { ...fact, metric, split };
}

/** Everything that the report of a run says, but curves and examples. */
export function factsOfRun(run: RunRecord): RunFacts {
  const { summary, recipe, data, environment, modules } = run;
  const splits = Object.fromEntries(
    SPLITS.flatMap((split) => {
      const fact = splitFact(run, split);
      return fact ? [[split, fact] as const] : [];
    }),
  );
  const headline = headlineOf(splits, summary.metric);
  return {
    name: summary.name,
    folder: run.folder,
    task: summary.task,
    seed: recipe.seed,
    ...(headline && { headline }),
    splits,
    steps: summary.steps,
    ...(summary.best && { best: summary.best }),
    stoppedEarly: summary.stoppedEarly,
    parameters: { ...summary.parameters, modules },
    seconds: summary.seconds,
    peakMemoryBytes: summary.peakMemoryBytes,
    ...(data && { data }),
    ...(environment && { environment }),
  };
}
