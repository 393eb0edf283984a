import type { OnProgress } from '../progress.js';
import type { RunSettings } from '../training/settings.js';
import type { RunPlan } from './runPlan.js';

/** How planning is followed and stopped. */
export interface PlanOptions {
  readonly onProgress?: OnProgress;
  readonly onLog?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** An adapter choice and what it would cost beside the others. */
export interface AdapterEstimate {
  readonly kind: string;
  /** Trainable parameters of the adapter with its default options; the head is not counted. */
  readonly parameters: number;
  /** Of training alone; estimated from a forward and a backward pass of this backbone measured on this data. */
  readonly secondsPerEpoch: number;
}

/** What a run by this recipe will cost, from a few measured steps. Throws UsageError for wrong data. */
export const planRun = (_recipe: RunSettings, _options: PlanOptions = {}): Promise<RunPlan> =>
  Promise.reject(new Error('not written yet'));

/** Every kind of adapter that the backbone of a recipe can take, with its cost on this recipe's data. */
export const estimateAdapters = (
  _recipe: RunSettings,
  _options: PlanOptions = {},
): Promise<readonly AdapterEstimate[]> => Promise.reject(new Error('not written yet'));
