import { UsageError } from '../../src/base/errors.js';
import type { MetricReport } from '../task.js';
import { type Attempt, attemptNow, type Member } from './members.js';

interface Measured {
  readonly member: Member;
  readonly report: Attempt<MetricReport>;
}

type Groups = NonNullable<MetricReport['groups']>;

const prefixed = <T>(name: string, values: Readonly<Record<string, T>>): [string, T][] =>
  Object.entries(values).map(([key, value]) => [`${name}.${key}`, value]);

/** The mean of the tasks' own metrics; undefined where one of them is not known. */
function meanOf(measured: readonly Measured[]): number | undefined {
  const values = measured.map(({ member, report }) =>
    'value' in report ? report.value.values[member.task.metric.name] : undefined,
  );
  const sum = values.reduce<number | undefined>(
    (total, value) => (total === undefined || value === undefined ? undefined : total + value),
    0,
  );
  return sum === undefined ? undefined : sum / values.length;
}

/**
 * Metrics as `<task>.<metric>`, and `mean`, that of the metrics that would pick the best checkpoint of each task alone.
 * Tasks that can't be measured, for want of labels, are told in notes, and then there is no mean. Throws UsageError
 * where none can be.
 */
export function reportTogether(
  members: readonly Member[],
  measure: (member: Member) => MetricReport,
): MetricReport {
  const measured = members.map(
    (member): Measured => ({ member, report: attemptNow(member.name, () => measure(member)) }),
  );
  const failed = measured.flatMap(({ report }) => ('problems' in report ? report.problems : []));
  const reports = measured.flatMap(({ member, report }) =>
    'value' in report ? [{ name: member.name, ...report.value }] : [],
  );
  if (reports.length === 0) throw new UsageError(failed);
  const mean = meanOf(measured);
  const values = reports.flatMap(({ name, values: own }) => prefixed(name, own));
  const groups: [string, Groups[string]][] = reports.flatMap(({ name, groups: own = {} }) =>
    prefixed(name, own),
  );
  const notes = [
    ...reports.flatMap(({ name, notes: own = [] }) => own.map((note) => `${name}: ${note}`)),
    ...(failed.length > 0 ? new UsageError(failed).message.split('\n') : []),
  ];
  return {
    values: { ...(mean !== undefined && { mean }), ...Object.fromEntries(values) },
    groups: Object.fromEntries(groups),
    ...(notes.length > 0 && { notes }),
  };
}
