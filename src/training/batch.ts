import type { Example } from '../../tasks/task.js';
import type { Processor } from '../backbones/backbone.js';
import type { HostBatch } from '../data/hostTensor.js';
import { createRandom } from '../random.js';
import type { FittedTask } from './model.js';

/** Lengths are padded up to a multiple of this, so that few shapes are traced. */
const LENGTH_MULTIPLE = 8;

/** Makes the tensors of some examples. */
export interface Collator {
  /** Pads lengths up to a multiple, so that few shapes are traced. */
  readonly processor: Processor;
  /** Masks and negatives are drawn from `seed`. */
  collate(
    examples: readonly Example[],
    how: { readonly training: boolean; readonly seed: readonly (string | number)[] },
  ): Promise<HostBatch>;
}

/** Binds a task to a processor; padding is rounded up unless the task asks for another multiple. */
export function createCollator({ task, state }: FittedTask, processor: Processor): Collator {
  const rounded: Processor = {
    ...processor,
    collate: (sequences, multiple = LENGTH_MULTIPLE) => processor.collate(sequences, multiple),
  };
  return {
    processor: rounded,
    collate: (examples, { training, seed }) =>
      task.collate(examples, { state, processor: rounded, random: createRandom(...seed), training }),
  };
}
