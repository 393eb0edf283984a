import type { Example } from '../../tasks/example.js';
import type { HostBatch } from '../base/hostTensor.js';
import type { OnProgress } from '../base/progress.js';
import { createHostCollator } from '../model/batch.js';
import { groupsOf, membersOf } from '../model/groups.js';
import { prefetch } from '../model/prefetch.js';
import { stopIfAsked } from '../system/stopIfAsked.js';
import { microBatches } from '../training/microBatches.js';
import { visitsOfSequence } from './decide.js';
import { CannotStore } from './lookAt.js';
import type { Prospect } from './openStore.js';
import { inputNames, rowsOf } from './probe.js';
import type { StoreParts } from './storeParts.js';
import type { createValueReader, StreamStore } from './valueReader.js';

/** How filling is followed and stopped. */
export interface FillOptions {
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Whether to go on where reading is found to take longer than computing. */
  readonly mustStore: boolean;
  /** Whether memory holds all that a disk may not take. */
  readonly fitsMemory: boolean;
}

/** Examples that are encoded together. */
interface Portion {
  readonly examples: readonly Example[];
  readonly seed: readonly (string | number)[];
}

const cut = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));

/**
 * The training examples: in their order, so that pictures are read once, or where tasks draw, as the first epoch will
 * ask for them.
 */
function portionsOf({ settings, prepared }: StoreParts, isFixed: boolean): Portion[] {
  const { task, splits } = prepared;
  const { training, seed } = settings;
  const at = (index: number) => splits.train[index] as Example;
  if (isFixed) {
    const groups = [...membersOf(task, splits.train).values()];
    return groups.flatMap((members) =>
      cut(members, training.batchSize).map((indices, n) => ({
        examples: indices.map(at),
        seed: [seed, 'batch', n],
      })),
    );
  }
  const lengths = splits.train.map((example) => task.task.length(example));
  const groups = groupsOf(task, splits.train);
  const population = { lengths, ...(groups && { groups }) };
  const micros = microBatches(population, { ...training, seed }, { epoch: 0, stepInEpoch: 0 });
  return micros.map(({ examples, stepInEpoch, index }) => ({
    examples: examples.map(at),
    seed: [seed, 'batch', stepInEpoch, index],
  }));
}

/** Sequences of a store that wait for others of their padded shape. */
function createQueue({ stream, writer }: StreamStore, { book }: Prospect) {
  const waiting = new Map<string, number[]>();
  const queued = new Set<string>();
  return {
    /** Whether the row waits now, and if so all rows of its shape once there are enough. */
    add: (row: number): { readonly waits: boolean; readonly full?: readonly number[] } => {
      const key = (book.sequence(row).keys.get(stream.name) as Buffer).toString('latin1');
      if (queued.has(key)) return { waits: false };
      queued.add(key);
      const { shape, count } = writer.rowsAtOnce(row);
      const rows = [...(waiting.get(shape) ?? []), row];
      waiting.set(shape, rows);
      if (rows.length < count) return { waits: true };
      waiting.delete(shape);
      return { waits: true, full: rows };
    },
    rest: (): readonly (readonly number[])[] => [...waiting.values()],
  };
}

/** Throws CannotStore where reading a sequence at each visit takes longer than computing it. */
function requireGain({ writer }: StreamStore, visits: number): void {
  const { seconds } = writer;
  if (!seconds) return;
  const { compute, write } = seconds;
  const read = writer.secondsToRead();
  if (compute + write + visits * read < visits * compute) return;
  const milliseconds = (time: number) => `${(1000 * time).toFixed(2)} ms`;
  throw new CannotStore(
    `a sequence takes ${milliseconds(compute)} to compute, ${milliseconds(write)} to write and ${milliseconds(read)} to read`,
  );
}

/** Throws CannotStore where the disk took no more, and memory can't hold all. */
function requireWritten(failure: string | undefined, fitsMemory: boolean): void {
  if (failure !== undefined && !fitsMemory) throw new CannotStore(failure);
}

/** Pieces that are written before reading and computing are compared. */
const MEASURED_PIECES = 3;

/**
 * Computes and stores what is missing of the training examples. What is stored stays, whatever stops it. Throws
 * CannotStore where reading is found to take longer than computing, InterruptedError when it is stopped.
 * @returns sequences that were computed
 */
export async function fillStore(
  parts: StoreParts,
  prospect: Prospect,
  stores: readonly StreamStore[],
  reader: ReturnType<typeof createValueReader>,
  { onProgress, signal, mustStore, fitsMemory }: FillOptions,
): Promise<number> {
  const { book, probe } = prospect;
  const collator = createHostCollator(parts.prepared.task, book.processor);
  const portions = portionsOf(parts, probe.isFixed);
  const total = parts.prepared.splits.train.length;
  const queues = stores.map((store) => ({ store, queue: createQueue(store, prospect) }));
  let [done, computed, pieces] = [0, 0, 0];

  const write = async (store: StreamStore, rows: readonly number[]) => {
    await reader.compute(store, () => rows);
    for (const { failure } of [prospect.records, ...store.sets]) requireWritten(failure, fitsMemory);
    for (const row of rows) book.release(row);
    computed += rows.length;
    pieces += 1;
    if (pieces === MEASURED_PIECES && !mustStore) requireGain(store, visitsOfSequence(prospect));
  };

  const visit = async (batch: HostBatch): Promise<void> => {
    const calls = probe.calls.get(inputNames(batch)) ?? [];
    const held = new Set<number>();
    for (const { store, queue } of queues) {
      for (const row of await reader.missing(batch, calls, store)) {
        const { waits, full } = queue.add(row);
        if (waits) held.add(row);
        if (full) await write(store, full);
      }
    }
    for (const row of calls.flatMap((call) => [...rowsOf(batch, call)])) {
      if (!held.has(row)) book.release(row);
    }
  };

  const collate = async ({ examples, seed }: Portion) => ({
    size: examples.length,
    batch: await collator.collate(examples, { training: true, seed }),
  });
  try {
    for await (const { size, batch } of prefetch(portions, collate)) {
      await stopIfAsked(signal, 'while values of the backbone were stored');
      await visit(batch);
      done += size;
      onProgress?.({ stage: 'cache', done, total, unit: 'example' });
    }
    for (const { store, queue } of queues) for (const rows of queue.rest()) await write(store, rows);
  } finally {
    await book.flush();
  }
  requireWritten(prospect.records.failure, fitsMemory);
  return computed;
}
