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

/** Lengths of the texts that were encoded. */
interface TextLengths {
  longest: number;
  truncated: number;
}

/** A processor that notes how long texts are before they are cut. */
function measuring(processor: Processor, tokenizer: Tokenizer, limit: number) {
  const lengths: TextLengths = { longest: 0, truncated: 0 };
  const encode: Processor['encode'] = async (input) => {
    const encoded = await processor.encode(input);
    const { text, textPair } = input;
    const isFull = encoded.textLength >= limit && text !== undefined;
    const length = isFull ? tokenizer.encode(text, textPair).ids.length : encoded.textLength;
    lengths.longest = Math.max(lengths.longest, length);
    lengths.truncated += Number(length > encoded.textLength);
    return encoded;
  };
  return { lengths, processor: { ...processor, encode } };
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
  const { lengths, processor } = measuring(reading.processor, reading.tokenizer, limit);
  const pictures = new Map<string, Picture>();
  const context = { state, processor, random: createRandom('check'), training: true };
  const total = part.examples.length;

  const problemsIn = async (example: Example): Promise<readonly Problem[]> => {
    const fresh = task.pictures(example).filter(({ path }) => !pictures.has(path));
    for (const picture of fresh) pictures.set(picture.path, picture);
    const boxes = checksBoxes ? (await Promise.all(fresh.map(checkBoxes))).flat() : [];
    try {
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
  return { pictures, lengths };
}
