import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../../base/json.js';
import { isJsonObject } from '../../base/json.js';
import type { MeasuredSplit, RunFacts } from '../facts.js';
import { differenceIntervals, type Interval } from '../interval.js';
import type { RunRecord } from '../runRecord.js';

/** A metric of a run beside that of the first run. */
export interface Difference {
  readonly value?: number;
  /** This run's value less the first one's; absent where the tasks are not the same. */
  readonly difference?: number;
  /** 95 % confidence, where both were measured on the same examples and the metric is a mean over them. */
  readonly interval?: Interval;
}

/** One metric of one split in every run, in their order. */
export interface MetricRow {
  readonly split: MeasuredSplit;
  readonly metric: string;
  readonly runs: readonly Difference[];
}

function rowsOf(split: MeasuredSplit, runs: readonly RunRecord[], facts: readonly RunFacts[]): MetricRow[] {
  const reports = facts.map(({ splits }) => splits[split]);
  const names = [...new Set(reports.flatMap((report) => Object.keys(report?.metrics ?? {})))];
  const first = runs[0]?.outcomes[split];
  const intervals = runs.map(({ outcomes }, at) => {
    const own = outcomes[split];
    return at > 0 && first && own ? differenceIntervals(first, own) : undefined;
  });
  return names.map((metric) => {
    const before = reports[0]?.metrics[metric]?.value;
    const differences = reports.map((report, at): Difference => {
      const value = report?.metrics[metric]?.value;
      if (value === undefined) return {};
      const isSameTask = facts[at]?.task === facts[0]?.task;
      if (at === 0 || before === undefined || !isSameTask) return { value };
      const interval = intervals[at]?.[metric];
      return { value, difference: value - before, ...(interval && { interval }) };
    });
    return { split, metric, runs: differences };
  });
}

/** Every metric that any of the runs has, test set first. */
const metricRows = (runs: readonly RunRecord[], facts: readonly RunFacts[]): MetricRow[] =>
  (['test', 'validation'] as const).flatMap((split) => rowsOf(split, runs, facts));

/** A key of the recipes that is not the same in all of them; undefined where a recipe has no such key. */
export interface RecipeDifference {
  readonly key: string;
  readonly values: readonly (Json | undefined)[];
}

/** Keys that say nothing of what is computed. */
const FREE = new Set(['$schema', 'name', 'output']);

const isOpen = (value: unknown): value is Readonly<Record<string, Json>> | readonly Json[] =>
  isJsonObject(value) || Array.isArray(value);

const namesIn = (value: unknown): string[] => (isOpen(value) ? Object.keys(value) : []);

/** What differs, as deep as all of the values are objects, or all of them lists. */
function differing(values: readonly (Json | undefined)[], key: string): RecipeDifference[] {
  if (values.every((value) => isDeepStrictEqual(value, values[0]))) return [];
  const lists = values.every(Array.isArray);
  if (!lists && !values.every(isJsonObject)) return [{ key, values }];
  const names = [...new Set(values.flatMap(namesIn))].filter((name) => key !== '' || !FREE.has(name));
  return names.flatMap((name) => {
    const inside = values.map((value) => (value as Readonly<Record<string, Json | undefined>>)[name]);
    return differing(inside, lists ? `${key}[${name}]` : key ? `${key}.${name}` : name);
  });
}

/** Where the recipes differ. */
const recipeDifferences = (runs: readonly Pick<RunRecord, 'recipe'>[]): RecipeDifference[] =>
  differing(
    runs.map(({ recipe }) => recipe as unknown as Json),
    '',
  );

/** Which runs were right, over the examples that all of them were asked. */
export interface Agreement {
  readonly split: MeasuredSplit;
  readonly examples: number;
  readonly allRight: number;
  readonly noneRight: number;
  /** Of each run, those that it alone got right. */
  readonly onlyRight: readonly number[];
}

/** Undefined where the runs have no examples in common that were judged. */
function agreementOf(runs: readonly RunRecord[]): Agreement | undefined {
  for (const split of ['test', 'validation'] as const) {
    const judged = runs.map(({ outcomes }) => {
      const own = outcomes[split];
      return own?.right ? new Map(own.ids.map((id, at) => [id, own.right?.[at] === 1])) : undefined;
    });
    const first = judged[0];
    if (!first || judged.some((one) => !one)) continue;
    const ids = [...first.keys()].filter((id) => judged.every((one) => one?.has(id)));
    if (ids.length === 0) continue;
    const rights = ids.map((id) => judged.map((one) => one?.get(id) === true));
    const only = (at: number) => rights.filter((row) => row[at] && row.filter(Boolean).length === 1).length;
    return {
      split,
      examples: ids.length,
      allRight: rights.filter((row) => row.every(Boolean)).length,
      noneRight: rights.filter((row) => !row.some(Boolean)).length,
      onlyRight: runs.map((_, at) => only(at)),
    };
  }
  return undefined;
}

/** The runs beside each other, as data. */
export interface Differences {
  readonly metrics: readonly MetricRow[];
  readonly recipe: readonly RecipeDifference[];
  readonly agreement?: Agreement;
}

/** What is different between runs; the first one is what the others are held against. */
export function differencesOf(runs: readonly RunRecord[], facts: readonly RunFacts[]): Differences {
  const agreement = agreementOf(runs);
  return {
    metrics: metricRows(runs, facts),
    recipe: recipeDifferences(runs),
    ...(agreement && { agreement }),
  };
}
