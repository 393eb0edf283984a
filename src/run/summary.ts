import type { CutDescription } from '../frozen/decide.js';
import type { Baseline, SplitMetrics } from '../model/splitMetrics.js';

/** What a finished run tells; written as summary.json. */
export interface RunSummary {
  readonly name: string;
  /** As the recipe names it. */
  readonly folder: string;
  readonly task: string;
  /** The metric that picked the best checkpoint. */
  readonly metric: string;
  /** Updates done. */
  readonly steps: number;
  readonly metrics: { readonly validation?: SplitMetrics; readonly test?: SplitMetrics };
  /** The best answer that ignores pictures and texts, on the same split as `metrics`. */
  readonly baseline: Baseline;
  readonly parameters: {
    readonly trainable: number;
    readonly frozen: number;
    /** trainable / (trainable + frozen). */
    readonly share: number;
  };
  /** The evaluation whose weights were kept; absent: the last weights. */
  readonly best?: { readonly step: number; readonly value: number };
  /** What of the frozen backbone was computed once and stored, and why or why not; absent in summaries of older runs. */
  readonly cache?: Pick<CutDescription, 'used' | 'what' | 'reason'>;
  /** Patience ran out. */
  readonly stoppedEarly: boolean;
  /** A resumed run's training and evaluations count from its start, the rest from the last resumption. */
  readonly seconds: {
    /** Engine, data, backbone. */
    readonly prepare: number;
    /** Computing and storing values of the frozen backbone; absent in summaries of older runs. */
    readonly cache?: number;
    readonly train: number;
    /** Evaluations during and after training. */
    readonly evaluate: number;
    readonly total: number;
  };
  /** Over the seconds of training alone; 0 when nothing was trained. */
  readonly stepsPerSecond: number;
  /** Largest resident memory of the process, bytes. */
  readonly peakMemoryBytes: number;
}
