/** Learning-rate factor over the steps: up from 0 during the warm-up, then as named, to 0 at the last step. */
export interface ScheduleOptions {
  readonly kind: 'constant' | 'linear' | 'cosine';
  /** Steps if >= 1, share of all steps if below 1. */
  readonly warmup: number;
}

const DECAY: Readonly<Record<ScheduleOptions['kind'], (progress: number) => number>> = {
  constant: () => 1,
  linear: (progress) => 1 - progress,
  cosine: (progress) => (1 + Math.cos(Math.PI * progress)) / 2,
};

/** Steps of the warm-up: a share of all steps is rounded up, and never more than all steps. */
export const warmupSteps = ({ warmup }: ScheduleOptions, totalSteps: number): number =>
  Math.min(totalSteps, warmup < 1 ? Math.ceil(warmup * totalSteps) : Math.round(warmup));

/**
 * Factor of the learning rate for the update after `completed` updates (0-based), 0 to 1: linear up from 0 over the
 * warm-up, then constant, linear or half a cosine (Loshchilov and Hutter 2017, eq. 5), reaching 0 after the last step.
 */
export function scheduleFactor(options: ScheduleOptions, completed: number, totalSteps: number): number {
  const warmup = warmupSteps(options, totalSteps);
  if (completed < warmup) return completed / warmup;
  const progress = Math.min(1, (completed - warmup) / Math.max(1, totalSteps - warmup));
  return DECAY[options.kind](progress);
}
