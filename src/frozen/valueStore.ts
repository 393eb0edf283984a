import type { HostTensor, PackedTensor } from '../base/hostTensor.js';
import { toBfloat16 } from '../checkpoints/float16.js';
import type { Precision } from '../engine/index.js';
import type { Attention } from '../model/storedInputs.js';
import { type Layout, realPositions } from './layout.js';
import { type EntrySet, openEntrySet } from './store/entrySet.js';
import type { SetDescription } from './store/setFolder.js';
import type { FrozenValue } from './valueRecorder.js';

/** A value of the passes with one attention, and how it is stored. */
export interface StoredValue extends FrozenValue {
  readonly attention: Attention;
  readonly storage: Precision;
}

/** Values of a batch [rows, positions, width] or [rows, width], padded, as they come from the device. */
export type DeviceValues = Float32Array | Uint16Array;

/** One stored value of every sequence that it is known of. */
export interface ValueSet
  extends Pick<EntrySet, 'folder' | 'damaged' | 'failure' | 'has' | 'prefetch' | 'keepInMemory' | 'close'> {
  readonly value: StoredValue;
  /** The values of the sequences of a batch, padded with zeros; or the rows that could not be read. */
  read(keys: readonly Buffer[], layout: Layout): HostTensor | PackedTensor | readonly number[];
  /** Stores the real positions of each row. */
  write(keys: readonly Buffer[], values: DeviceValues, layout: Layout): Promise<void>;
}

/** Bytes of one sequence of that many positions. */
export const bytesOf = ({ rank, width, storage }: StoredValue, positions: number): number =>
  (rank === 3 ? positions : 1) * width * (storage === 'bf16' ? 2 : 4);

const bytesIn = (values: DeviceValues) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** The values in the form that they are stored in; a device without bfloat16 gives them wide. */
const stored = (values: DeviceValues, { storage }: StoredValue): DeviceValues =>
  values instanceof Float32Array && storage === 'bf16' ? toBfloat16(values) : values;

/** Runs of the vectors of one row, in vectors. */
const runsOf = ({ rank }: StoredValue, layout: Layout, row: number) =>
  rank === 3 ? (layout.runs[row] ?? []) : [[0, 1] as const];

function valueSet(value: StoredValue, entries: EntrySet): ValueSet {
  const isPacked = value.storage === 'bf16';
  const vector = value.width * (isPacked ? 2 : 4);
  const rowVectors = (layout: Layout) => (value.rank === 3 ? layout.positions : 1);

  /** Copies one entry into its place; false where it is none of this size. */
  const place = (payload: Uint8Array, target: Uint8Array, layout: Layout, row: number): boolean => {
    const count = value.rank === 3 ? realPositions(layout, row) : 1;
    if (payload.byteLength !== count * vector) return false;
    let from = 0;
    for (const [start, length] of runsOf(value, layout, row)) {
      const to = (row * rowVectors(layout) + start) * vector;
      target.set(payload.subarray(from, from + length * vector), to);
      from += length * vector;
    }
    return true;
  };

  return {
    value,
    folder: entries.folder,
    get damaged() {
      return entries.damaged;
    },
    get failure() {
      return entries.failure;
    },
    has: entries.has,
    prefetch: entries.prefetch,
    keepInMemory: entries.keepInMemory,
    read: (keys, layout) => {
      const vectors = rowVectors(layout);
      const bytes = new Uint8Array(keys.length * vectors * vector);
      const unread = [...keys.keys()].filter(
        (row) => !entries.read(keys[row] as Buffer, (payload) => place(payload, bytes, layout, row)),
      );
      if (unread.length > 0) return unread;
      const shape = value.rank === 3 ? [keys.length, vectors, value.width] : [keys.length, value.width];
      return isPacked
        ? { dtype: 'bfloat16', shape, data: new Uint16Array(bytes.buffer), wide: value.precision === 'f32' }
        : { dtype: 'float32', shape, data: new Float32Array(bytes.buffer) };
    },
    write: (keys, values, layout) => {
      const bytes = bytesIn(stored(values, value));
      const written = keys.map((key, row) => {
        const first = row * rowVectors(layout);
        const pieces = runsOf(value, layout, row).map(([start, count]) =>
          bytes.subarray((first + start) * vector, (first + start + count) * vector),
        );
        return { key, pieces };
      });
      return entries.write(written);
    },
    close: entries.close,
  };
}

/** Opens the set of a value. */
export const openValueSet = async (
  root: string,
  value: StoredValue,
  backbone: { readonly name: string; readonly identity: SetDescription['identity'] },
): Promise<ValueSet> => {
  const { name, rank, width, attention, storage, precision } = value;
  const own = { value: name, rank, width, attention, storage, computedIn: precision };
  const entries = await openEntrySet(root, {
    kind: 'values',
    backbone: backbone.name,
    what: attention === 'joint' ? name : `${name} (${attention})`,
    identity: { ...backbone.identity, ...own },
  });
  return valueSet(value, entries);
};
