import type { StreamShape } from '../backbones/backbone.js';
import { SEQUENCE_ROWS } from '../backbones/sequenceRows.js';
import { streamPrefix } from '../backbones/streams.js';
import type { HostBatch, HostTensor, InputBatch, PackedTensor } from '../base/hostTensor.js';
import { storedInput } from '../model/storedInputs.js';
import { layoutOf } from './layout.js';
import type { LookedAt } from './lookAt.js';
import { rowsOf } from './probe.js';
import type { SequenceBook } from './sequenceBook.js';
import type { ValueSet } from './valueStore.js';
import type { StreamSets, ValueWriter } from './valueWriter.js';

/** Values of one stream, and what computes those that are missing. */
export interface StreamStore extends StreamSets {
  readonly writer: ValueWriter;
  /** Rows whose values are in every set. */
  readonly complete: Set<number>;
}

/** Work of one kind, one piece after the other. */
function inTurn(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => {});
    return result;
  };
}

/** The inputs of a pass as the backbone sees them, by its own names. */
function inputsOf(batch: HostBatch, prefix: string, { masks }: StreamShape): HostBatch {
  const named = masks.flatMap((name) => {
    const tensor = batch[prefix + name] ?? batch[name];
    return tensor ? [[name, tensor] as const] : [];
  });
  return Object.fromEntries(named);
}

/** Of these rows one for each key that is not in every set; those that are there are noted in `complete`. */
function missingRows(
  rows: Iterable<number>,
  book: SequenceBook,
  { stream, sets, complete }: StreamStore,
): number[] {
  const byKey = new Map<string, number>();
  for (const row of rows) {
    if (complete.has(row)) continue;
    const key = book.sequence(row).keys.get(stream.name) as Buffer;
    if (sets.every((set) => set.has(key))) complete.add(row);
    else byKey.set(key.toString('latin1'), row);
  }
  return [...byKey.values()];
}

/** Rows of one padded shape, as many as are best computed together. */
function* piecesOf(rows: readonly number[], { rowsAtOnce }: ValueWriter): Generator<number[]> {
  const shapes = new Map<string, number[]>();
  for (const row of rows) {
    const { shape, count } = rowsAtOnce(row);
    const waiting = [...(shapes.get(shape) ?? []), row];
    shapes.set(shape, waiting);
    if (waiting.length < count) continue;
    yield waiting;
    shapes.delete(shape);
  }
  yield* shapes.values();
}

/** Puts stored values into batches; those that are missing, or torn, are computed first. */
export function createValueReader(book: SequenceBook, stores: readonly StreamStore[]) {
  const turn = inTurn();

  const compute = (store: StreamStore, choose: () => readonly number[]): Promise<void> =>
    turn(async () => {
      for (const piece of piecesOf(choose(), store.writer)) await store.writer.write(piece);
    });

  const readOne = async (
    store: StreamStore,
    set: ValueSet,
    batch: HostBatch,
    call: LookedAt,
  ): Promise<HostTensor | PackedTensor> => {
    const rows = [...rowsOf(batch, call)];
    const keys = rows.map((row) => book.sequence(row).keys.get(store.stream.name) as Buffer);
    const layout = layoutOf(
      store.stream,
      inputsOf(batch, call.prefix, store.stream),
      rows.length,
      set.value.positions,
    );
    await set.prefetch(keys);
    const found = set.read(keys, layout);
    if ('shape' in found) return found;
    for (const row of rows) store.complete.delete(row);
    // A torn entry takes along those that were computed with it.
    const unread = new Set(found.map((at) => rows[at] as number));
    const gone = missingRows(rows, book, store);
    await compute(store, () => [...new Set([...gone, ...unread])]);
    const again = set.read(keys, layout);
    if ('shape' in again) return again;
    throw new Error(`a stored value of '${set.value.name}' can't be read back from ${set.folder}`);
  };

  /** Rows without a whole entry in every set: each is looked at before it is first said to be there. */
  const findMissing = async (rows: readonly number[], store: StreamStore): Promise<number[]> => {
    const unseen = rows.filter((row) => !store.complete.has(row));
    const keys = unseen.map((row) => book.sequence(row).keys.get(store.stream.name) as Buffer);
    for (const set of keys.length > 0 ? store.sets : []) await set.prefetch(keys);
    return missingRows(unseen, book, store);
  };

  return {
    /** Rows of a batch whose values are missing in a store, or torn, one for each key. */
    missing: (batch: HostBatch, calls: readonly LookedAt[], store: StreamStore): Promise<number[]> =>
      findMissing(
        calls.filter((call) => isOf(call, store)).flatMap((call) => [...rowsOf(batch, call)]),
        store,
      ),
    compute,
    /** The batch with the values that its passes ask for. */
    resolve: async (batch: HostBatch, calls: readonly LookedAt[]): Promise<InputBatch> => {
      const entries: [string, HostTensor | PackedTensor][] = [];
      for (const call of calls) {
        for (const store of stores.filter((one) => isOf(call, one))) {
          const rows = rowsOf(batch, call);
          if ((await findMissing([...rows], store)).length > 0) {
            await compute(store, () => missingRows(rows, book, store));
          }
          const wanted = store.sets.filter(({ value }) =>
            call.values.some(({ name }) => name === value.name),
          );
          for (const set of wanted) {
            const name = call.prefix + storedInput(call.attention, set.value.name);
            entries.push([name, await readOne(store, set, batch, call)]);
          }
        }
      }
      for (const row of calls.flatMap((call) => [...rowsOf(batch, call)])) book.release(row);
      const others = Object.entries(batch).filter(([name]) => !name.endsWith(SEQUENCE_ROWS));
      return Object.fromEntries([...others, ...entries]);
    },
  };
}

const isOf = ({ attention, streams, values }: LookedAt, store: StreamSets): boolean =>
  attention === store.attention &&
  streams.includes(store.stream.name) &&
  values.some(({ name }) => name.startsWith(streamPrefix(store.stream.name)));
