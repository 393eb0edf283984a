import type { Example } from '../../tasks/example.js';
import type { MetricReport } from '../../tasks/task.js';
import { UsageError } from '../base/errors.js';
import type { FittedTask } from '../model/model.js';
import type { Baseline } from '../model/splitMetrics.js';
import { unlessUnlabelled } from '../model/unlabelled.js';

/** The metric that picks the best weights must be known on the validation set: notes say what is left out of it. */
function requireMetric(report: MetricReport | undefined, metric: string): void {
  if (!report?.notes || metric in report.values) return;
  throw new UsageError(
    report.notes.map((message) => ({ where: 'data.validation', message, expected: `'${metric}' needs it` })),
  );
}

/** The splits of a run. */
export interface Splits {
  readonly train: readonly Example[];
  readonly validation?: readonly Example[];
  readonly test?: readonly Example[];
}

/** What is right without looking at a picture; throws UsageError for a validation set without labels. */
export function baselines(task: FittedTask, splits: Splits): Baseline {
  const measure = (examples: readonly Example[] | undefined) =>
    examples && task.task.baseline?.(splits.train, examples, task.state, task.options);
  const validation = measure(splits.validation);
  requireMetric(validation, task.task.metric.name);
  const test = unlessUnlabelled(() => measure(splits.test));
  return { ...(validation && { validation }), ...(test && { test }) };
}
