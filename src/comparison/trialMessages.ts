import type { Problem } from '../base/errors.js';
import type { Progress } from '../base/progress.js';
import type { RunSettings } from '../training/settings.js';

/** What a trial's process is told: what to train, and how its folder is opened. */
export interface TrialStart {
  readonly settings: RunSettings;
  readonly resume: boolean;
  readonly overwrite: boolean;
  /** Files that add to the modules. */
  readonly use: readonly string[];
}

/** How a trial ended. */
export type TrialEnd =
  | { readonly kind: 'finished' }
  | { readonly kind: 'interrupted'; readonly message: string }
  | { readonly kind: 'refused'; readonly problems: readonly Problem[] }
  | { readonly kind: 'failed'; readonly message: string };

/** What a trial's process tells. */
export type FromTrial = { readonly kind: 'progress'; readonly progress: Progress } | TrialEnd;
