import type { Example, SplitName } from '../../tasks/example.js';
import type { Task } from '../../tasks/task.js';
import { UsageError } from '../base/errors.js';
import type { Json } from '../base/json.js';
import { seedFrom } from '../base/random.js';
import { readImageSize } from '../data/images.js';
import type { Picture } from '../data/sequence.js';

/** Least, middle and most of some numbers. */
export interface Range {
  readonly least: number;
  readonly median: number;
  readonly most: number;
}

/** What is in one split. */
export interface SplitFacts {
  readonly examples: number;
  /** Number of words -> texts; texts with more words count as ones of `LONGEST`. */
  readonly words: Readonly<Record<string, number>>;
  readonly pictures: {
    /** Different ones. */
    readonly count: number;
    /** Those whose size was looked up. */
    readonly measured: number;
    readonly width?: Range;
    readonly height?: Range;
    /** Boxes of a picture, where the dataset has any. */
    readonly boxes?: Range;
  };
  /** Right answers, where the task has any that examples share. */
  readonly answers?: {
    /** Examples that have one. */
    readonly examples: number;
    readonly different: number;
    /** The most frequent ones, and how often they are right. */
    readonly top: readonly (readonly [answer: string, examples: number])[];
  };
}

/** What is in each split of a run. */
export type DataFacts = Readonly<Partial<Record<SplitName, SplitFacts>>>;

/** Words from which texts are counted together. */
export const LONGEST = 40;
const TOP = 20;
/** Pictures whose size is looked up in their files. */
const MEASURED = 200;

type AnyTask = Task<unknown, Example, Json>;

function rangeOf(values: readonly number[]): Range | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const [least, most] = [sorted[0], sorted.at(-1)];
  if (least === undefined || most === undefined) return undefined;
  return { least, median: sorted[sorted.length >> 1] as number, most };
}

function countWords(task: AnyTask, examples: readonly Example[]): Record<string, number> {
  const counts = new Array<number>(LONGEST + 1).fill(0);
  for (const example of examples)
    for (const text of task.texts?.(example) ?? []) {
      const words = text.split(/\s+/).filter(Boolean).length;
      counts[Math.min(words, LONGEST)]! += 1;
    }
  return Object.fromEntries(counts.flatMap((count, words) => (count > 0 ? [[String(words), count]] : [])));
}

function countAnswers(task: AnyTask, examples: readonly Example[]): Pick<SplitFacts, 'answers'> {
  const counts = new Map<string, number>();
  for (const example of examples) {
    const answer = task.answer?.(example);
    if (answer !== undefined) counts.set(answer, (counts.get(answer) ?? 0) + 1);
  }
  if (counts.size === 0) return {};
  const order = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  const total = order.reduce((sum, [, count]) => sum + count, 0);
  return { answers: { examples: total, different: counts.size, top: order.slice(0, TOP) } };
}

async function sizeOf({ path, width, height }: Picture): Promise<readonly [number, number] | undefined> {
  if (width !== undefined && height !== undefined) return [width, height];
  try {
    const size = await readImageSize(path);
    return [size.width, size.height];
  } catch (error) {
    if (error instanceof UsageError) return undefined; // features need no picture files
    throw error;
  }
}

async function measurePictures(all: readonly Picture[]): Promise<SplitFacts['pictures']> {
  const pictures = [...new Map(all.map((picture) => [picture.path, picture])).values()];
  const order = pictures.map((picture) => ({ picture, key: seedFrom('size', picture.path) }));
  const drawn = order.sort((a, b) => a.key - b.key).slice(0, MEASURED);
  const sizes = (await Promise.all(drawn.map(({ picture }) => sizeOf(picture)))).flatMap((size) =>
    size ? [size] : [],
  );
  const width = rangeOf(sizes.map(([across]) => across));
  const height = rangeOf(sizes.map(([, down]) => down));
  const boxes = rangeOf(pictures.flatMap((picture) => picture.boxes?.length ?? []));
  return {
    count: pictures.length,
    measured: sizes.length,
    ...(width && { width }),
    ...(height && { height }),
    ...(boxes && { boxes }),
  };
}

/** Counts what is in one split. */
export const factsOf = async (task: AnyTask, examples: readonly Example[]): Promise<SplitFacts> => ({
  examples: examples.length,
  words: countWords(task, examples),
  pictures: await measurePictures(examples.flatMap((example) => task.pictures(example))),
  ...countAnswers(task, examples),
});
