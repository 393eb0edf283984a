import { type Problem, UsageError } from '../base/errors.js';
import { describeCut } from '../frozen/storedBackbone.js';
import type { StoreParts } from '../frozen/storeParts.js';
import { createCollator } from '../model/batch.js';
import { requireFittingTraining } from '../training/fittingTraining.js';
import type { TrainStep } from '../training/step.js';

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
