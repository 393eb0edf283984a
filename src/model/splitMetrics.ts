import type { MetricReport } from '../../tasks/task.js';

/** Metrics of one split, with the mean loss where the split has targets. */
export type SplitMetrics = MetricReport & { readonly loss?: number };

/** The best answer that ignores pictures and texts. */
export interface Baseline {
  readonly validation?: MetricReport;
  readonly test?: MetricReport;
}
