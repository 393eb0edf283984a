import type { Example } from '../../tasks/example.js';
import { type Problem, UsageError } from '../base/errors.js';
import { formatBytes } from '../base/figures.js';
import { sizeOf } from '../base/hostTensor.js';
import { groupsOf } from '../model/groups.js';
import { keptValues } from '../model/kept.js';
import type { ModelParts } from '../model/model.js';
import { memoryLimit } from '../system/machine.js';
import { longestOf, requireFittingBatch } from './batchMemory.js';
import { largestBatch, microBatches, totalSteps } from './microBatches.js';
import type { TrainerParts } from './trainer.js';

/** Bytes of a number of the frozen matrices; vectors and what trains are f32. */
const FROZEN_BYTES = { f32: 4, bf16: 2, int8: 1 } as const;
/** A value that trains and its gradient. */
const TRAINED_BYTES = 8;

const VALUE_BYTES = 4;

const sizesOf = (specs: readonly { readonly shape: readonly number[] }[]): number =>
  specs.reduce((sum, { shape }) => sum + sizeOf(shape), 0);

/** Throws UsageError where the weights alone can't be in the memory of this machine. */
export function requireFittingWeights({
  backbone,
  attached,
  precision,
  task,
}: Pick<ModelParts, 'backbone' | 'attached' | 'precision' | 'task'>): void {
  const unfrozen = new Set(attached.flatMap(({ plan }) => plan.unfrozen));
  const own = attached.flatMap(({ plan }) => plan.parameters);
  const ofBackbone = backbone.shape.parameters.map(({ name, shape }) => {
    if (unfrozen.has(name)) return TRAINED_BYTES * sizeOf(shape);
    return sizeOf(shape) * (shape.length === 2 ? FROZEN_BYTES[precision] : 4);
  });
  const ofAdapters = own.map(({ shape }) => TRAINED_BYTES * sizeOf(shape));
  const trained = sizesOf([...backbone.shape.parameters.filter(({ name }) => unfrozen.has(name)), ...own]);
  const kept = VALUE_BYTES * keptValues(task, trained);
  const bytes = [...ofBackbone, ...ofAdapters].reduce((sum, one) => sum + one, kept);
  const limit = memoryLimit();
  if (bytes <= limit) return;
  throw new UsageError({
    where: 'backbone',
    message: `its weights and adapters take ${formatBytes(bytes)} at least, this machine has ${formatBytes(limit)} of memory`,
    expected: precision === 'f32' ? 'a smaller one, or backbone.precision "bf16"' : 'a smaller one',
  });
}

/**
 * Throws UsageError, before memory is taken, where the largest batch of the first epoch can't fit; gives back a remark
 * where it may not.
 */
export async function requireFittingTraining({
  step,
  collator,
  training,
  options,
  model,
  seed,
}: Pick<TrainerParts, 'step' | 'collator' | 'training' | 'options' | 'model' | 'seed'>): Promise<
  Problem | undefined
> {
  const { task } = model.parts.task;
  const groups = groupsOf(model.parts.task, training);
  const lengths = training.map((example) => task.length(example));
  const population = { lengths, ...(groups && { groups }) };
  const epoch = microBatches(population, { ...options, seed }, { epoch: 0, stepInEpoch: 0 });
  const batch = largestBatch(epoch, lengths);
  const example =
    batch &&
    longestOf(
      batch.examples.map((index) => training[index] as Example),
      task,
    );
  if (!example || totalSteps(population, options) === 0) return undefined;
  return requireFittingBatch({
    backbone: model.parts.backbone.shape,
    work: step,
    collator,
    example,
    count: batch.examples.length,
    how: { training: true, seed: [seed, 'batch', batch.stepInEpoch, batch.index] },
    where: 'training.batchSize',
  });
}
