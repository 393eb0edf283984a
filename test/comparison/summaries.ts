import type { Outcome } from '../../src/comparison/runTrials.js';
import type { Trial } from '../../src/comparison/trials.js';
import type { Recipe } from '../../src/recipe/recipe.js';
import type { RunSummary } from '../../src/run/summary.js';

/** A trial of a variant on VQA, without anything that was run. */
export const trialOf = (name: string, seed: number, values?: Record<string, number | string>): Trial => ({
  variant: { name, changes: [], ...(values && { values }) },
  seed,
  recipe: {
    name: 'mine',
    seed,
    task: { kind: 'vqa' },
    adapters: [],
    output: `out/${name}/seed-${seed}`,
  } as unknown as Recipe,
});

/** Figures of a run that are easy to take means of. */
export const summaryOf = (
  validation: number,
  test: number,
  change: Partial<RunSummary> = {},
): RunSummary => ({
  name: 'mine',
  folder: 'out',
  task: 'vqa',
  metric: 'accuracy',
  steps: 100,
  metrics: { validation: { values: { accuracy: validation } }, test: { values: { accuracy: test } } },
  baseline: { validation: { values: { accuracy: 0.25 } }, test: { values: { accuracy: 0.26 } } },
  parameters: { trainable: 12_345, frozen: 87_655, share: 0.12345 },
  stoppedEarly: false,
  seconds: { prepare: 1, train: 20, evaluate: 4, total: 25 },
  stepsPerSecond: 5,
  peakMemoryBytes: 500e6,
  ...change,
});

export const finished = (
  trial: Trial,
  validation: number,
  test: number,
  change?: Partial<RunSummary>,
): Outcome => ({
  trial,
  summary: summaryOf(validation, test, change),
});
