import { epochBatches } from './sampler.js';
import type { TrainingOptions } from './settings.js';

/** One batch of an update. */
export interface MicroBatch {
  /** 0-based update of the epoch that it belongs to. */
  readonly stepInEpoch: number;
  /** 0-based within the update. */
  readonly index: number;
  readonly last: boolean;
  /** Indices into the examples. */
  readonly examples: readonly number[];
  /** Share of the update's examples. */
  readonly weight: number;
}

type PlanOptions = Pick<
  TrainingOptions,
  'batchSize' | 'accumulate' | 'bucketByLength' | 'epochs' | 'maxSteps'
>;

/** Updates of one epoch: the last one may have fewer batches, the last batch fewer examples. */
export const stepsPerEpoch = (examples: number, { batchSize, accumulate }: PlanOptions): number =>
  Math.ceil(Math.ceil(examples / batchSize) / accumulate);

/** Updates of the whole training: a part of an epoch is rounded to whole updates, at least one. */
export function totalSteps(examples: number, options: PlanOptions): number {
  const { epochs = 0, maxSteps } = options;
  if (maxSteps !== undefined) return maxSteps;
  return epochs === 0 ? 0 : Math.max(1, Math.round(epochs * stepsPerEpoch(examples, options)));
}

/** The batches of one epoch from an update on; they follow from seed and epoch alone. */
export function microBatches(
  lengths: readonly number[],
  options: PlanOptions & { readonly seed: number },
  { epoch, stepInEpoch }: { readonly epoch: number; readonly stepInEpoch: number },
): MicroBatch[] {
  const batches = epochBatches(lengths, epoch, options);
  return batches.flatMap((examples, position): MicroBatch[] => {
    const step = Math.floor(position / options.accumulate);
    if (step < stepInEpoch) return [];
    const group = batches.slice(step * options.accumulate, (step + 1) * options.accumulate);
    const index = position % options.accumulate;
    const weight = examples.length / group.flat().length;
    return [{ stepInEpoch: step, index, last: index === group.length - 1, examples, weight }];
  });
}
