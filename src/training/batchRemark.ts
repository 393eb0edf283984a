import type { AnyTask } from '../../tasks/task.js';
import type { Problem } from '../base/errors.js';
import type { RunSettings } from './settings.js';

/**
 * What a person should know where batches are accumulated and the loss compares the examples of a batch with each other:
 * that is the one thing in which they are not one large batch.
 */
export function batchRemark(
  { batchSize, accumulate }: Pick<RunSettings['training'], 'batchSize' | 'accumulate'>,
  task: AnyTask,
  options: unknown,
): Problem | undefined {
  const what = accumulate > 1 ? task.comparesInBatch?.(options) : undefined;
  if (what === undefined) return undefined;
  return {
    where: 'training.accumulate',
    message: `${what} within each batch of ${batchSize}, not among the ${batchSize * accumulate} examples of an update`,
    expected: 'a larger training.batchSize where more of them are wanted',
  };
}
