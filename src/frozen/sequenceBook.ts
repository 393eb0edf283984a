import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { deserialize, serialize } from 'node:v8';
import type { BackboneShape } from '../backbones/backbone.js';
import { SEQUENCE_ROWS } from '../backbones/sequenceRows.js';
import { type HostBatch, int32 } from '../base/hostTensor.js';
import { createAsyncCache } from '../data/asyncCache.js';
import type {
  EncodedSequence,
  Picture,
  Processor,
  SequenceInput,
  SequenceStorage,
} from '../data/sequence.js';
import type { StreamName } from '../nn/sites.js';
import type { EntrySet } from './store/entrySet.js';

/** A sequence that was asked for. */
interface KnownSequence {
  readonly input: SequenceInput;
  /** For each stream that reads something of it, what its inputs are: equal inputs have equal keys. */
  readonly keys: ReadonlyMap<StreamName, Buffer>;
  readonly length: number;
  readonly textLength: number;
}

/** The sequences of a run by their rows, which stand for them in batches. */
export interface SequenceBook {
  /** Encodes as the processor that it is made of, and adds `SEQUENCE_ROWS` to the batches of what it encoded. */
  readonly processor: Processor;
  /** Whether sequences come without their pictures' values, so that no picture is read again; at first false. */
  withoutPictures: boolean;
  sequence(row: number): KnownSequence;
  /** The sequence with its pictures' values. */
  whole(row: number): Promise<EncodedSequence>;
  /** What each sequence that a batch names gives alone. */
  ownInputs(batch: HostBatch): Promise<(row: number) => HostBatch>;
  /** It will not be asked for as a whole soon. */
  release(row: number): void;
  /** Stores what is known of new sequences. */
  flush(): Promise<void>;
}

/** What is stored of a sequence. */
interface SequenceRecord {
  readonly sequence: EncodedSequence;
  readonly keys: Readonly<Partial<Record<StreamName, Uint8Array>>>;
}

/** Sequences held in memory; the others are read again. */
const SEQUENCES_KEPT = 50_000;
/** New ones that are stored at a time. */
const RECORDS_AT_ONCE = 512;
const KEY_BYTES = 16;

const digest = (...parts: readonly (string | Uint8Array)[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest().subarray(0, KEY_BYTES);
};

/** The key of what a stream reads of a batch of one sequence; undefined where that is nothing. */
function keyOf(inputs: HostBatch, names: readonly string[]): Buffer | undefined {
  const parts = names.flatMap((name) => {
    const tensor = inputs[name];
    if (!tensor) return [];
    const { data, dtype, shape } = tensor;
    const head = `${name}\0${dtype}[${shape}]\0`;
    return [head, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)];
  });
  return parts.length > 0 ? digest(...parts) : undefined;
}

/** Size and time of the last change; `-` where there is no such file. */
async function stampOf(file: string): Promise<string> {
  try {
    const { size, mtimeMs } = await stat(file);
    return `${size} ${mtimeMs}`;
  } catch {
    return '-';
  }
}

/** Names inputs: by their texts, pictures and the state of the pictures' files. */
function createNaming({ filesOf }: SequenceStorage): (input: SequenceInput) => Promise<Buffer> {
  const stamps = new Map<string, Promise<string>>();
  const pictures = new WeakMap<Picture, Promise<string>>();
  const stamp = (file: string) => {
    const known = stamps.get(file) ?? stampOf(file);
    stamps.set(file, known);
    return known;
  };
  const nameOf = async (picture: Picture): Promise<string> => {
    const files = await Promise.all(filesOf(picture).map(stamp));
    return digest(JSON.stringify([picture, files])).toString('hex');
  };
  const nameOnce = (picture: Picture) => {
    const known = pictures.get(picture) ?? nameOf(picture);
    pictures.set(picture, known);
    return known;
  };
  return async ({ pictures: shown = [], ...rest }) =>
    digest(JSON.stringify([rest, await Promise.all(shown.map(nameOnce))]));
}

/** Tells inputs apart by their texts and by the objects that stand for their pictures, which examples keep. */
function createNumbering(): (input: SequenceInput) => string {
  const numbers = new WeakMap<Picture, number>();
  let count = 0;
  const numberOf = (picture: Picture) => {
    const known = numbers.get(picture) ?? count++;
    numbers.set(picture, known);
    return known;
  };
  return ({ pictures = [], ...rest }) => JSON.stringify([rest, pictures.map(numberOf)]);
}

const readRecord = (bytes: Uint8Array): SequenceRecord | undefined => {
  try {
    // Arrays that are aligned would be views of the stored bytes, which are only there while they are read.
    return deserialize(Uint8Array.from(bytes)) as SequenceRecord;
  } catch {
    return undefined; // written by a Node of another serialisation
  }
};

/**
 * Keeps the sequences that a processor makes, so that each input is encoded once, in this run and those after it.
 * @param records where they are stored, by what names their inputs
 */
export function createSequenceBook(
  inner: Processor,
  { streams }: Pick<BackboneShape, 'streams'>,
  records: EntrySet,
): SequenceBook {
  const storage = inner.storage as SequenceStorage;
  const naming = createNaming(storage);
  const numbering = createNumbering();
  /** Row by what numbering makes of an input, and by the name that it is stored under. */
  const rowsOfInputs = new Map<string, number>();
  const rows = new Map<string, number>();
  const sequences: KnownSequence[] = [];
  const names: Buffer[] = [];
  const wholes = new Map<number, EncodedSequence>();
  const kept = createAsyncCache<EncodedSequence>(SEQUENCES_KEPT, () => 1);
  const rowsOf = new WeakMap<EncodedSequence, number>();
  let fresh: { readonly key: Buffer; readonly pieces: readonly Uint8Array[] }[] = [];

  const flush = async (): Promise<void> => {
    const writing = fresh;
    fresh = [];
    if (writing.length > 0) await records.write(writing);
  };

  const register = (name: Buffer, sequence: KnownSequence): number => {
    const id = name.toString('latin1');
    const known = rows.get(id);
    if (known !== undefined) return known;
    const row = sequences.push(sequence) - 1;
    names.push(name);
    rows.set(id, row);
    return row;
  };

  const keysOf = (sequence: EncodedSequence): Map<StreamName, Buffer> => {
    const own = inner.collate([sequence]);
    const found = streams.map(({ name, inputs }) => [name, keyOf(own, inputs)] as const);
    return new Map(found.filter((entry): entry is [StreamName, Buffer] => entry[1] !== undefined));
  };

  /** Encodes an input that nothing is known of. */
  const encodeNew = async (name: Buffer, input: SequenceInput): Promise<number> => {
    const whole = await inner.encode(input);
    const keys = keysOf(whole);
    const record: SequenceRecord = {
      sequence: storage.withoutPictures(whole),
      keys: Object.fromEntries(keys),
    };
    fresh.push({ key: name, pieces: [serialize(record)] });
    if (fresh.length >= RECORDS_AT_ONCE) await flush();
    const { length, textLength } = whole;
    const row = register(name, { input, keys, length, textLength });
    wholes.set(row, whole);
    return row;
  };

  const recall = (name: Buffer, input: SequenceInput): number | undefined => {
    const record = records.read(name, readRecord);
    if (!record) return undefined;
    const { length, textLength } = record.sequence;
    const entries = Object.entries(record.keys) as [StreamName, Uint8Array][];
    const keys = new Map(entries.map(([stream, key]) => [stream, Buffer.from(key)] as const));
    const row = register(name, { input, keys, length, textLength });
    kept.get(String(row), () => record.sequence);
    return row;
  };

  const rowFor = async (input: SequenceInput): Promise<number> => {
    const number = numbering(input);
    const seen = rowsOfInputs.get(number);
    if (seen !== undefined) return seen;
    const name = await naming(input);
    const row = rows.get(name.toString('latin1')) ?? recall(name, input) ?? (await encodeNew(name, input));
    rowsOfInputs.set(number, row);
    return row;
  };

  const whole = async (row: number): Promise<EncodedSequence> => {
    const known = wholes.get(row) ?? (await inner.encode((sequences[row] as KnownSequence).input));
    wholes.set(row, known);
    return known;
  };

  /** Without its pictures' values. */
  const sparse = (row: number): Promise<EncodedSequence> =>
    kept.get(String(row), async () => {
      const there = wholes.get(row);
      if (there) return storage.withoutPictures(there);
      const record = records.read(names[row] as Buffer, readRecord);
      if (record) return record.sequence;
      return storage.withoutPictures(await inner.encode((sequences[row] as KnownSequence).input));
    });

  const book: SequenceBook = {
    withoutPictures: false,
    sequence: (row) => sequences[row] as KnownSequence,
    whole,
    ownInputs: async (batch) => {
      const named = Object.entries(batch).filter(([name]) => name.endsWith(SEQUENCE_ROWS));
      const own = new Map<number, HostBatch>();
      for (const row of new Set(named.flatMap(([, { data }]) => [...data]))) {
        own.set(row, inner.collate([await (book.withoutPictures ? sparse(row) : whole(row))]));
      }
      return (row) => own.get(row) as HostBatch;
    },
    release: (row) => void wholes.delete(row),
    flush,
    processor: {
      ...inner,
      encode: async (input) => {
        const row = await rowFor(input);
        const sequence = await (book.withoutPictures ? sparse(row) : whole(row));
        rowsOf.set(sequence, row);
        return sequence;
      },
      collate: (encoded, multiple) => {
        const batch = inner.collate(encoded, multiple);
        const found = encoded.map((sequence) => rowsOf.get(sequence));
        // A sequence that a task has made of another one is none of the book's.
        if (found.some((row) => row === undefined)) return batch;
        return { ...batch, [SEQUENCE_ROWS]: int32([found.length, 1], Int32Array.from(found as number[])) };
      },
    },
  };
  return book;
}
