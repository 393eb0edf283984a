import type { StepReport } from './step.js';

/** What one update gave: means over its examples. */
export interface UpdateReport {
  readonly loss: number;
  readonly parts: Readonly<Record<string, number>>;
  /** Global norm before clipping. */
  readonly gradientNorm: number;
}

/** A micro-batch's report and its share of the update's examples. */
export interface WeightedReport {
  readonly report: StepReport;
  readonly weight: number;
}

/** Mean over the examples of the reports that have it. */
function meanOf(reports: readonly WeightedReport[], of: (report: StepReport) => number | undefined): number {
  const known = reports.flatMap(({ report, weight }) => {
    const value = of(report);
    return value === undefined ? [] : [{ value, weight }];
  });
  const sum = known.reduce((total, { value, weight }) => total + weight * value, 0);
  if (known.length === reports.length) return sum;
  return sum / known.reduce((total, { weight }) => total + weight, 0);
}

/** Puts the reports of an update's micro-batches together; the last one has the gradient norm. */
export function summariseUpdate(reports: readonly WeightedReport[]): UpdateReport {
  const names = [...new Set(reports.flatMap(({ report }) => Object.keys(report.parts)))];
  return {
    loss: meanOf(reports, ({ loss }) => loss),
    parts: Object.fromEntries(names.map((name) => [name, meanOf(reports, ({ parts }) => parts[name])])),
    gradientNorm: reports.at(-1)?.report.gradientNorm ?? 0,
  };
}

/** Throws an Error that names step, learning rate and examples when the loss or the gradient norm is not finite. */
export function requireFinite(
  { loss, gradientNorm = 0 }: StepReport,
  { step, learningRate, ids }: { step: number; learningRate: number; ids: readonly string[] },
): void {
  if (Number.isFinite(loss) && Number.isFinite(gradientNorm)) return;
  const what = Number.isFinite(loss) ? `the gradient norm is ${gradientNorm}` : `the loss is ${loss}`;
  throw new Error(
    `training diverged at step ${step}: ${what}, learning rate ${learningRate}, examples ${ids.join(', ')}`,
  );
}
