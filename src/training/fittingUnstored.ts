import { type Problem, UsageError } from '../errors.js';
import { createCollator } from './batch.js';
import { describeCut } from './cache/storedBackbone.js';
import type { StoreParts } from './cache/storeParts.js';
import { requireFittingTraining } from './fittingTraining.js';
import type { TrainStep } from './step.js';

/**
 * Does as `requireFittingTraining` before anything is written. With stored values a batch takes less: where a run will
 * read some, it is looked at when they are there.
 */
export async function requireFittingUnstored(
  { settings, prepared, model }: StoreParts,
  step: TrainStep,
): Promise<Problem | undefined> {
  try {
    return await requireFittingTraining({
      model,
      step,
      collator: createCollator(prepared.task, prepared.processor),
      training: prepared.splits.train,
      options: settings.training,
      seed: settings.seed,
    });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    if ((await describeCut({ settings, prepared, model })).used) return undefined;
    throw error;
  }
}
