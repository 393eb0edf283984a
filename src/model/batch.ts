import type { Example } from '../../tasks/example.js';
import type { HostBatch, InputBatch } from '../base/hostTensor.js';
import { createRandom } from '../base/random.js';
import type { Processor } from '../data/sequence.js';
import type { FittedTask } from './model.js';

/** Lengths are padded up to a multiple of this, so that few shapes are traced. */
export const LENGTH_MULTIPLE = 8;

/** How examples are collated; masks and negatives are drawn from `seed`. */
interface CollateHow {
  readonly training: boolean;
  readonly seed: readonly (string | number)[];
  /** What all batches of an update draw alike is drawn from it; absent: this one is on its own. */
  readonly updateSeed?: readonly (string | number)[];
}

/** Makes what a task makes of some examples. */
export interface HostCollator {
  /** Pads lengths up to a multiple, so that few shapes are traced. */
  readonly processor: Processor;
  collate(examples: readonly Example[], how: CollateHow): Promise<HostBatch>;
}

/** Makes the inputs of some examples, with stored values of the backbone where there are any. */
export interface Collator extends Pick<HostCollator, 'processor'> {
  collate(examples: readonly Example[], how: CollateHow): Promise<InputBatch>;
  /** Adds stored values to a batch; absent: there are none. */
  resolve?(batch: HostBatch): Promise<InputBatch>;
}

/** Binds a task to a processor; padding is rounded up unless the task asks for another multiple. */
export function createHostCollator({ task, state }: FittedTask, processor: Processor): HostCollator {
  const rounded: Processor = {
    ...processor,
    collate: (sequences, multiple = LENGTH_MULTIPLE) => processor.collate(sequences, multiple),
  };
  return {
    processor: rounded,
    collate: (examples, { training, seed, updateSeed = seed }) =>
      task.collate(examples, {
        ...{ state, processor: rounded, training },
        random: createRandom(...seed),
        updateRandom: createRandom(...updateSeed, 'update'),
      }),
  };
}

/** The same; batches go through `resolve`, where there is one. */
export function createCollator(
  task: FittedTask,
  processor: Processor,
  resolve?: NonNullable<Collator['resolve']>,
): Collator {
  const host = createHostCollator(task, processor);
  if (!resolve) return host;
  const { collate, processor: rounded } = host;
  return {
    processor: rounded,
    collate: async (examples, how) => resolve(await collate(examples, how)),
    resolve,
  };
}
