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

/** Puts the reports of an update's micro-batches together; the last one has the gradient norm. */
export function summariseUpdate(reports: readonly WeightedReport[]): UpdateReport {
  const mean = (of: (report: StepReport) => number) =>
    reports.reduce((sum, { report, weight }) => sum + weight * of(report), 0);
  const last = reports.at(-1)?.report;
  const names = Object.keys(last?.parts ?? {});
  return {
    loss: mean(({ loss }) => loss),
    parts: Object.fromEntries(names.map((name) => [name, mean(({ parts }) => parts[name] ?? 0)])),
    gradientNorm: last?.gradientNorm ?? 0,
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
