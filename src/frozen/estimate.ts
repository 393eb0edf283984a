import type { StreamName } from '../nn/sites.js';
import type { Probe } from './probe.js';
import type { SequenceBook } from './sequenceBook.js';
import { RECORD_BYTES } from './store/indexRecord.js';
import type { StoreParts } from './storeParts.js';
import type { StorePlan } from './streamPlan.js';
import { bytesOf } from './valueStore.js';

/** What storing will take on disk. */
export interface Estimate {
  /** Bytes of all that one example asks for. */
  readonly bytesPerExample: number;
  /** Bytes for the examples of all splits. */
  readonly totalBytes: number;
}

const onDisk = (bytes: number): number => bytes + RECORD_BYTES;

const positionsOf = (stream: StreamName, book: SequenceBook, row: number): number => {
  const { length, textLength } = book.sequence(row);
  if (stream === 'fused') return length;
  return stream === 'text' ? textLength : length - textLength;
};

/** From the sequences that were looked at. */
export function estimateBytes(
  { prepared: { splits } }: StoreParts,
  book: SequenceBook,
  { rows, different }: Probe,
  { streams }: StorePlan,
): Estimate {
  const seen = new Map<string, number>();
  for (const { stream, attention, values } of streams) {
    for (const row of rows) {
      const key = book.sequence(row).keys.get(stream.name);
      if (!key) continue;
      const positions = positionsOf(stream.name, book, row);
      const bytes = values.reduce((sum, value) => sum + onDisk(bytesOf(value, positions)), 0);
      seen.set(`${attention} ${stream.name} ${key.toString('latin1')}`, bytes);
    }
  }
  const bytes = [...seen.values()].reduce((sum, one) => sum + one, 0);
  const bytesPerExample = Math.ceil((bytes / Math.max(1, rows.length)) * different);
  const examples = Object.values(splits).reduce((sum, split) => sum + split.length, 0);
  return { bytesPerExample, totalBytes: bytesPerExample * examples };
}
