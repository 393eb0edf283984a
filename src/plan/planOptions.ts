import type { OnProgress } from '../base/progress.js';

/** How planning is followed and stopped. */
export interface PlanOptions {
  readonly onProgress?: OnProgress;
  readonly onLog?: (line: string) => void;
  readonly signal?: AbortSignal;
}
