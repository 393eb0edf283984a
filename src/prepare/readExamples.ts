import type { Example } from '../../tasks/example.js';
import type { AnyTask } from '../../tasks/task.js';
import { messageOf, type Problem, UsageError } from '../base/errors.js';
import type { Json } from '../base/json.js';
import { createRandom } from '../base/random.js';
import type { Picture, Processor } from '../data/sequence.js';
import { stopIfAsked } from '../system/stopIfAsked.js';
import { checkBoxes } from './checkPictures.js';
import type { CheckOptions, ReadPart } from './dataParts.js';
import type { ProblemList } from './dataReport.js';
import { createUnknownMeter, textsOf } from './textNotes.js';

/** Examples that are made ready at a time. */
const AT_ONCE = 32;

/** What examples are made ready with. */
export interface Reading {
  readonly processor: Processor;
  close(): Promise<void>;
}

/** Lengths of texts before they are cut. */
interface TextLengths {
  /** Tokens, specials included. */
  readonly longest: number;
  /** Different texts that are longer than the limit. */
  readonly truncated: number;
}

/** Notes how long texts are before they are cut to `limit` tokens. */
function createTextMeter({ tokenizer }: Processor, limit: number) {
  const truncated = new Set<string>();
  const unknowns = createUnknownMeter(tokenizer);
  let longest = 0;
  const note = (length: number, text: string, textPair?: string) => {
    longest = Math.max(longest, length);
    if (length > limit) truncated.add(JSON.stringify([text, textPair]));
  };
  const measure = (text: string, textPair?: string) => {
    const { ids } = tokenizer.encode(text, textPair);
    unknowns.count(text, ids, textPair !== undefined);
    note(ids.length, text, textPair);
  };
  return {
    measure,
    /** The processor, whose texts are measured. */
    around: (processor: Processor): Processor => ({
      ...processor,
      encode: async (input) => {
        const encoded = await processor.encode(input);
        const { text, textPair } = input;
        if (text === undefined) return encoded;
        if (encoded.textLength >= limit) measure(text, textPair);
        else {
          unknowns.count(text, encoded.inputIds.subarray(0, encoded.textLength), textPair !== undefined);
          note(encoded.textLength, text, textPair);
        }
        return encoded;
      },
    }),
    lengths: (): TextLengths => ({ longest, truncated: truncated.size }),
    notes: unknowns.notes,
  };
}

/** What went wrong with one example: whatever it is, the others are still looked at. */
const problemsOf = (error: unknown): readonly Problem[] =>
  error instanceof UsageError ? error.problems : [{ message: messageOf(error) }];

/** Examples of the same picture one after another, so that it is decoded once. */
function byPicture(task: AnyTask, examples: readonly Example[]): Example[] {
  const places = new Map<string, number>();
  const keyed = examples.map((example) => {
    const path = task.pictures(example)[0]?.path ?? '';
    if (!places.has(path)) places.set(path, places.size);
    return { example, place: places.get(path) as number };
  });
  return keyed.sort((a, b) => a.place - b.place).map(({ example }) => example);
}

function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

/** Makes every example of a part ready once, one by one; problems are added. */
export async function readExamples(
  task: AnyTask,
  part: ReadPart,
  how: {
    readonly reading: Reading;
    readonly state: Json;
    readonly limit: number;
    readonly checksBoxes: boolean;
  },
  problems: ProblemList,
  { onProgress, signal }: CheckOptions,
): Promise<{
  readonly pictures: ReadonlyMap<string, Picture>;
  readonly lengths: TextLengths;
  /** What may not be meant about the texts. */
  readonly notes: readonly string[];
}> {
  const { reading, state, limit, checksBoxes } = how;
  const meter = createTextMeter(reading.processor, limit);
  const processor = meter.around(reading.processor);
  const pictures = new Map<string, Picture>();
  const context = { state, processor, random: createRandom('check'), training: true };
  const total = part.examples.length;

  const problemsIn = async (example: Example): Promise<readonly Problem[]> => {
    const fresh = task.pictures(example).filter(({ path }) => !pictures.has(path));
    for (const picture of fresh) pictures.set(picture.path, picture);
    const boxes = checksBoxes ? (await Promise.all(fresh.map(checkBoxes))).flat() : [];
    try {
      for (const text of textsOf(task, example)) meter.measure(text);
      await task.collate([example], context);
      return boxes;
    } catch (error) {
      return [...boxes, ...problemsOf(error)];
    }
  };

  let done = 0;
  for (const some of chunks(byPicture(task, part.examples), AT_ONCE)) {
    await stopIfAsked(signal, `while ${part.name} was checked`);
    const found = await Promise.all(some.map(problemsIn));
    some.forEach(({ id }, index) => {
      for (const problem of found[index] ?? []) problems.add(part.name, problem, id);
    });
    done += some.length;
    onProgress?.({ stage: part.name, done, total, unit: 'example' });
  }
  return { pictures, lengths: meter.lengths(), notes: meter.notes(part.name) };
}
