import { largest } from '../base/lists.js';
import type { EncodedSequence, Processor } from '../data/sequence.js';
import { engineInfo, fromHost } from '../engine/index.js';
import { LENGTH_MULTIPLE } from '../model/batch.js';
import type { Model } from '../model/model.js';
import { createValueComputer, type ValueComputer } from './computeValues.js';
import { type Layout, layoutOf } from './layout.js';
import type { SequenceBook } from './sequenceBook.js';
import type { StreamPlan } from './streamPlan.js';
import type { ValueSet } from './valueStore.js';

/** A stream's plan with the sets that its values are stored in. */
export interface StreamSets extends StreamPlan {
  readonly sets: readonly ValueSet[];
}

/** Seconds that one sequence took. */
interface WriteSeconds {
  readonly compute: number;
  readonly write: number;
}

/** Computes values of sequences and stores them. */
export interface ValueWriter {
  /** Sequences of like padded lengths that are best computed together. */
  readonly rowsAtOnce: (row: number) => { readonly shape: string; readonly count: number };
  /** Those of one padded shape, at most `rowsAtOnce`; each once. */
  write(rows: readonly number[]): Promise<void>;
  /** Seconds a sequence, without those of compiling; undefined where nothing has been written twice. */
  readonly seconds: WriteSeconds | undefined;
  /** Seconds that a sequence of those written last takes to be read and brought to the device. */
  secondsToRead(): number;
  dispose(): void;
}

/** Positions of a batch: more are no faster. */
const POSITIONS = { cpu: 4096, cuda: 32_768 } as const;
const MOST_ROWS = 256;

const roundUp = (length: number): number => Math.ceil(length / LENGTH_MULTIPLE) * LENGTH_MULTIPLE;
const powerOfTwo = (count: number): number => 2 ** Math.ceil(Math.log2(count));

/** The writer of one stream's values. */
export function createValueWriter(
  model: Model,
  processor: Processor,
  book: SequenceBook,
  { stream, attention, values, sets }: StreamSets,
): ValueWriter {
  let computer: ValueComputer | undefined;
  const compiled = new Set<string>();
  const spent = { rows: 0, compute: 0, write: 0 };
  let last: { readonly keys: readonly Buffer[]; readonly layout: Layout } | undefined;
  const fixed = largest(values.map(({ positions }) => positions));

  const run = async (sequences: readonly EncodedSequence[]) => {
    // Numbers of sequences are rounded up, so that few shapes are compiled.
    const rest = powerOfTwo(sequences.length) - sequences.length;
    const padded = [...sequences, ...new Array<EncodedSequence>(rest).fill(sequences[0] as EncodedSequence)];
    const batch = processor.collate(padded, LENGTH_MULTIPLE);
    computer ??= createValueComputer(model, stream, attention, values);
    const shapes = stream.inputs.map((name) => batch[name]?.shape.join()).join(' ');
    const isNew = !compiled.has(shapes);
    compiled.add(shapes);
    return { batch, found: await computer.run(batch), isNew };
  };

  return {
    rowsAtOnce: (row) => {
      const { textLength, length } = book.sequence(row);
      const [text, picture] = [roundUp(textLength), roundUp(length - textLength)];
      const most = POSITIONS[engineInfo().device] / Math.max(1, text + picture);
      return {
        shape: `${text} ${picture}`,
        count: Math.max(1, Math.min(MOST_ROWS, 2 ** Math.floor(Math.log2(most)))),
      };
    },
    write: async (rows) => {
      const keys = rows.map((row) => book.sequence(row).keys.get(stream.name) as Buffer);
      const sequences = await Promise.all(rows.map((row) => book.whole(row)));
      const start = performance.now();
      const { batch, found, isNew } = await run(sequences);
      const computed = performance.now();
      const layout = layoutOf(stream, batch, rows.length, fixed);
      for (const set of sets) {
        await set.write(keys, found.get(set.value.name) as Float32Array | Uint16Array, layout);
      }
      last = { keys, layout };
      if (isNew) return;
      spent.rows += rows.length;
      spent.compute += (computed - start) / 1000;
      spent.write += (performance.now() - computed) / 1000;
    },
    get seconds() {
      if (spent.rows === 0) return undefined;
      return { compute: spent.compute / spent.rows, write: spent.write / spent.rows };
    },
    secondsToRead: () => {
      if (!last) return 0;
      const { keys, layout } = last;
      const readAll = () => {
        for (const set of sets) {
          const found = set.read(keys, layout);
          if ('shape' in found) fromHost(found).dispose();
        }
      };
      readAll(); // with checksums, which are looked at once
      const start = performance.now();
      readAll();
      return (performance.now() - start) / 1000 / keys.length;
    },
    dispose: () => computer?.dispose(),
  };
}
