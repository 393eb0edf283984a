import type { Loss } from '../../tasks/task.js';

/** What one micro-batch gave. */
export interface StepReport {
  readonly loss: number;
  readonly parts: Readonly<Record<string, number>>;
  /** As `Loss.sums`. */
  readonly sums?: Loss['sums'];
  /** Global norm before clipping, on the last micro-batch of an update. */
  readonly gradientNorm?: number;
}

/** What one update gave, as one large batch would. */
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
  /** Of parts that are means over something else, its share of that. */
  readonly weights?: Readonly<Record<string, number>>;
}

/** Mean over the reports that have it. */
function meanOf(
  reports: readonly WeightedReport[],
  of: (report: StepReport) => number | undefined,
  part?: string,
): number {
  const known = reports.flatMap(({ report, weight, weights = {} }) => {
    const value = of(report);
    return value === undefined ? [] : [{ value, weight: weights[part ?? ''] ?? weight }];
  });
  const sum = known.reduce((total, { value, weight }) => total + weight * value, 0);
  const weight = known.reduce((total, one) => total + one.weight, 0);
  return weight > 0 ? sum / weight : 0;
}

type Parts = Readonly<Record<string, number>>;

const sumOf = (parts: Parts, factors: Parts): number =>
  Object.entries(factors).reduce((sum, [name, factor]) => sum + factor * (parts[name] as number), 0);

/** Loss of the batches of an update of one group: all their losses are sums of the same parts. */
function lossOf(reports: readonly WeightedReport[], parts: Parts): number {
  const total = reports[0]?.report.sums?.total;
  return total ? sumOf(parts, total) : meanOf(reports, ({ loss }) => loss);
}

/** The parts of some reports: means, and sums of these. */
function partsOf(reports: readonly WeightedReport[]): Parts {
  const names = [...new Set(reports.flatMap(({ report }) => Object.keys(report.parts)))];
  const means = Object.fromEntries(
    names.map((name) => [name, meanOf(reports, ({ parts }) => parts[name], name)]),
  );
  const sums = Object.assign({}, ...reports.map(({ report }) => report.sums ?? {})) as NonNullable<
    StepReport['sums']
  >;
  const summed = Object.entries(sums).filter(([name]) => name in means);
  return { ...means, ...Object.fromEntries(summed.map(([name, factors]) => [name, sumOf(means, factors)])) };
}

/** Reports whose losses are sums of the same parts, as those of one group are. */
function alike(reports: readonly WeightedReport[]): WeightedReport[][] {
  const groups = new Map<string, WeightedReport[]>();
  for (const one of reports) {
    const key = Object.keys(one.report.sums?.total ?? {}).join();
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()];
}

/** Puts the reports of an update's micro-batches together; the last one has the gradient norm. */
export function summariseUpdate(reports: readonly WeightedReport[]): UpdateReport {
  const gradientNorm = reports.at(-1)?.report.gradientNorm ?? 0;
  const [first] = reports;
  if (first && reports.length === 1) {
    return { loss: first.report.loss, parts: first.report.parts, gradientNorm };
  }
  const losses = alike(reports).map((group) => {
    const weight = group.reduce((sum, one) => sum + one.weight, 0);
    return weight * lossOf(group, partsOf(group));
  });
  return {
    loss: losses.reduce((sum, loss) => sum + loss, 0),
    parts: partsOf(reports),
    gradientNorm,
  };
}

/** What of a report is not finite; undefined where all is. */
export function reportNotFinite({ loss, gradientNorm = 0 }: StepReport): string | undefined {
  if (!Number.isFinite(loss)) return `the loss is ${loss}`;
  return Number.isFinite(gradientNorm) ? undefined : `the gradient norm is ${gradientNorm}`;
}
