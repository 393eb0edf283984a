import type { CombinedMetric, Shown, Tally } from '../shown.js';
import type { Prediction } from '../task.js';
import { examplesOf, type Member, type MultiExample } from './members.js';

/** What an example adds to the metrics of its task. */
export function tallyMember(
  { name, task, options }: Member,
  { example }: MultiExample,
  prediction: Prediction,
): Tally | undefined {
  const tally = task.tally?.(example, prediction, options);
  if (!tally) return undefined;
  const named = <T>(values: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(values).map(([metric, value]) => [`${name}.${metric}`, value]));
  return {
    ...(tally.right !== undefined && { right: tally.right }),
    groups: [name, ...tally.groups.map((group) => `${name}: ${group}`)],
    counts: named(tally.counts),
    ...(tally.units && { units: named(tally.units) }),
    ...(tally.pooled && { pooled: named(tally.pooled) }),
  };
}

/** The mean of the tasks' own metrics, and what each of them combines. */
export function combinedMetrics(
  members: readonly Member[],
  examples: readonly MultiExample[],
): Readonly<Record<string, CombinedMetric>> {
  const own = members.flatMap(({ name, task, options }) =>
    Object.entries(task.combined?.(examplesOf(name, examples), options) ?? {}).map(
      ([metric, { of, factor }]) =>
        [`${name}.${metric}`, { of: of.map((other) => `${name}.${other}`), factor }] as const,
    ),
  );
  const picking = members.map(({ name, task }) => `${name}.${task.metric.name}`);
  return { ...Object.fromEntries(own), mean: { of: picking, factor: 1 / picking.length } };
}

/** What the task of an example shows of it. */
export function showMember(
  { name, task, options }: Member,
  { example }: MultiExample,
  prediction: Prediction,
  examples: readonly MultiExample[],
): Shown {
  const shown = task.show?.(example, prediction, { options, examples: examplesOf(name, examples) });
  if (!shown) return { texts: [], pictures: [], choices: [], looks: [] };
  return { ...shown, texts: [...shown.texts, { title: 'task', text: name }] };
}
