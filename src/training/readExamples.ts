import type { Example } from '../../tasks/task.js';
import type { Picture, Processor } from '../backbones/backbone.js';
import type { Tokenizer } from '../data/tokenizer.js';
import { InterruptedError, type Problem, UsageError } from '../errors.js';
import type { Json } from '../json.js';
import { createRandom } from '../random.js';
import { checkBoxes } from './checkPictures.js';
import type { CheckOptions, ReadPart } from './dataParts.js';
import type { ProblemList } from './dataReport.js';
import type { AnyTask } from './model.js';

/** Examples that are made ready at a time. */
const AT_ONCE = 32;

/** What examples are made ready with. */
export interface Reading {
  readonly processor: Processor;
  readonly tokenizer: Tokenizer;
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
function createTextMeter(tokenizer: Tokenizer, limit: number) {
  const truncated = new Set<string>();
  let longest = 0;
  const note = (length: number, text: string, textPair?: string) => {
    longest = Math.max(longest, length);
    if (length > limit) truncated.add(JSON.stringify([text, textPair]));
  };
  const measure = (text: string, textPair?: string) =>
    note(tokenizer.encode(text, textPair).ids.length, text, textPair);
  return {
    measure,
    /** The processor, whose texts are measured. */
    around: (processor: Processor): Processor => ({
      ...processor,
      encode: async (input) => {
        const encoded = await processor.encode(input);
        const { text, textPair } = input;
        if (text === undefined) return encoded;
        if (encoded.textLength < limit) note(encoded.textLength, text, textPair);
        else measure(text, textPair);
        return encoded;
      },
    }),
    lengths: (): TextLengths => ({ longest, truncated: truncated.size }),
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

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

/** Its texts, where the task tells them. */
function textsOf({ texts }: AnyTask, example: Example): readonly string[] {
  try {
    return texts?.(example) ?? [];
  } catch (error) {
    if (error instanceof UsageError) return [];
    throw error;
  }
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
): Promise<{ readonly pictures: ReadonlyMap<string, Picture>; readonly lengths: TextLengths }> {
  const { reading, state, limit, checksBoxes } = how;
  const meter = createTextMeter(reading.tokenizer, limit);
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
    if (signal?.aborted) throw new InterruptedError(`interrupted while ${part.name} was checked`);
    const found = await Promise.all(some.map(problemsIn));
    some.forEach(({ id }, index) => {
      for (const problem of found[index] ?? []) problems.add(part.name, problem, id);
    });
    done += some.length;
    onProgress?.({ stage: part.name, done, total, unit: 'example' });
  }
  return { pictures, lengths: meter.lengths() };
}
