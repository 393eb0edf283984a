import { type ExampleGroups, epochBatches, groupedBatches } from '../model/sampler.js';
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
  /** Of the examples, where batches are of one group each. */
  readonly group?: string;
}

/** What batches are made of. */
export interface Population {
  /** Rough length of each example, for buckets. */
  readonly lengths: readonly number[];
  /** Absent: examples may be mixed in a batch. */
  readonly groups?: ExampleGroups;
}

type PlanOptions = Pick<
  TrainingOptions,
  'batchSize' | 'accumulate' | 'bucketByLength' | 'epochs' | 'maxSteps'
>;

/** Numbers of examples that are cut into batches apart. */
const sizesOf = ({ lengths, groups }: Population): number[] =>
  groups ? [...groups.members.values()].map(({ length }) => length) : [lengths.length];

/** Updates of one epoch: the last one may have fewer batches, the last batch fewer examples. */
export function stepsPerEpoch(population: Population, { batchSize, accumulate }: PlanOptions): number {
  const batches = sizesOf(population).reduce((sum, size) => sum + Math.ceil(size / batchSize), 0);
  return Math.ceil(batches / accumulate);
}

/** Updates of the whole training: a part of an epoch is rounded to whole updates, at least one. */
export function totalSteps(population: Population, options: PlanOptions): number {
  const { epochs = 0, maxSteps } = options;
  if (maxSteps !== undefined) return maxSteps;
  return epochs === 0 ? 0 : Math.max(1, Math.round(epochs * stepsPerEpoch(population, options)));
}

type EpochOptions = PlanOptions & { readonly seed: number };

const batchesOf = ({ lengths, groups }: Population, epoch: number, options: EpochOptions) =>
  groups
    ? groupedBatches(lengths, groups, epoch, options)
    : epochBatches(lengths, epoch, options).map((examples) => ({ examples }));

/** The batches of one epoch from an update on; they follow from seed and epoch alone. */
export function microBatches(
  population: Population,
  options: EpochOptions,
  { epoch, stepInEpoch }: { readonly epoch: number; readonly stepInEpoch: number },
): MicroBatch[] {
  const batches = batchesOf(population, epoch, options);
  return batches.flatMap((batch, position): MicroBatch[] => {
    const step = Math.floor(position / options.accumulate);
    if (step < stepInEpoch) return [];
    const update = batches.slice(step * options.accumulate, (step + 1) * options.accumulate);
    const index = position % options.accumulate;
    const examples = update.reduce((sum, { examples: { length } }) => sum + length, 0);
    const weight = batch.examples.length / examples;
    return [{ stepInEpoch: step, index, last: index === update.length - 1, ...batch, weight }];
  });
}

/** The batch of an epoch with the most positions, by the rough lengths that buckets are made of. */
export function largestBatch(
  micros: readonly MicroBatch[],
  lengths: readonly number[],
): MicroBatch | undefined {
  const sizeOf = ({ examples }: MicroBatch) =>
    examples.length * examples.reduce((most, index) => Math.max(most, lengths[index] ?? 0), 0);
  const [first, ...rest] = micros;
  return first && rest.reduce((most, one) => (sizeOf(one) > sizeOf(most) ? one : most), first);
}
