import { UsageError } from '../../base/errors.js';
import type { TensorTree } from '../../engine/index.js';

/** Throws UsageError for a text that is longer than the backbone's. */
export function refuseLongText(limit: number, batch: TensorTree): void {
  const length = (batch.inputEmbeddings ?? batch.inputIds)?.shape[1] ?? 0;
  if (length > limit) throw new UsageError(`a text of ${length} tokens; the backbone has ${limit} positions`);
}
