import type { Example } from '../../tasks/example.js';
import type { AnyTask } from '../../tasks/task.js';
import type { BackboneShape } from '../backbones/backbone.js';
import { type Problem, UsageError } from '../base/errors.js';
import { formatBytes } from '../base/figures.js';
import { type HostTensor, type InputBatch, type PackedTensor, sizeOf } from '../base/hostTensor.js';
import type { InputShape } from '../engine/index.js';
import type { Collator } from '../model/batch.js';
import type { BatchShapes, Measurable } from '../model/measurable.js';
import { memoryLimit } from '../system/machine.js';

/** Bytes that a process takes for batches of one size. */
interface BatchMemory {
  /** In any case: weights, inputs, and what is there at once of what is computed. */
  readonly least: number;
  /** As ops are computed in their order, with the process and the batches that are made ahead. */
  readonly most: number;
}

/** Batches that are made ahead, and the one that is computed with. */
const HOST_BATCHES = 3;

/**
 * A dimension of a batch of `count` examples, from those of one and of two. The first axis grows with the batch, and so
 * does one that compares its examples with each other; any other one is a length, which two draws of a text may differ in.
 */
function extended(axis: number, one: number, two: number, count: number): number {
  const grows = axis === 0 || (one === 1 && two === 2);
  return grows ? one + (two - one) * (count - 1) : Math.max(one, two);
}

/** Shapes of a batch of `count` examples that are like this one; undefined where a task can't make a batch of it. */
async function shapesOfBatch(
  collator: Collator,
  example: Example,
  how: Parameters<Collator['collate']>[1],
): Promise<((count: number) => BatchShapes) | undefined> {
  try {
    const one: InputBatch = await collator.collate([example], how);
    const two: InputBatch = await collator.collate([example, example], how);
    return (count) =>
      Object.fromEntries(
        Object.entries(one).map(([name, { dtype, shape }]): [string, InputShape] => {
          const other = (two[name] as HostTensor | PackedTensor | undefined)?.shape ?? shape;
          return [name, { dtype, shape: shape.map((n, at) => extended(at, n, other[at] ?? n, count)) }];
        }),
      );
  } catch (error) {
    if (error instanceof UsageError) throw error;
    return undefined; // a task that compares examples with each other may want different ones
  }
}

const bytesOf = (shapes: BatchShapes): number =>
  Object.values(shapes).reduce(
    (sum, { dtype, shape }) => sum + sizeOf(shape) * (dtype === 'bfloat16' ? 2 : 4),
    0,
  );

/** Examples of the largest batch whose graph is recorded; larger ones lie on a line through it and its half, or above. */
const RECORDED = 256;

/** Bytes of XLA's compiler (60 MB), and of traces, threads and what JavaScript holds once training has begun. */
const ONCE = 90e6;

/**
 * What the process takes for each byte that is computed: of memory that was freed, glibc keeps pieces that are too small
 * for what comes next. Measured on five models and two sizes of batches: 1.26 to 1.8; with all freed at once, 1.0.
 */
const KEPT = 1.3;

/** The memory of batches by their size; undefined where the engine has no graphs. */
function memoryBySize(
  work: Measurable,
  shapes: (count: number) => BatchShapes,
  asked: number,
): ((count: number) => BatchMemory) | undefined {
  const large = Math.max(2, Math.min(RECORDED, asked));
  const small = Math.floor(large / 2);
  const [few, more] = [work.memory(shapes(small)), work.memory(shapes(large))];
  if (!few || !more) return undefined;
  const { rss } = process.memoryUsage();
  const on = (a: number, b: number, count: number) => a + ((b - a) / (large - small)) * (count - small);
  return (count) => {
    const least = on(few.least, more.least, count);
    // Weights are in the process already.
    const computed = Math.max(least, on(few.most, more.most, count)) - more.captured;
    return { least, most: rss + ONCE + KEPT * computed + HOST_BATCHES * bytesOf(shapes(count)) };
  };
}

/** The same; what the model says of a batch that was made up is nothing to tell: real ones will be looked at. */
function memoryIfKnown(...given: Parameters<typeof memoryBySize>): ReturnType<typeof memoryBySize> {
  try {
    return memoryBySize(...given);
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}

/** Elements of a picture that are one position at least: a patch of 8 x 8 pixels. */
const PATCH = 3 * 8 * 8;
/** Values of each position and layer that are kept for the gradient, in widths: rather too many. */
const [OF_HIDDEN, OF_INTERMEDIATE, OF_ATTENTION] = [24, 8, 8];

/** Positions of a batch and of one row, by its masks, or where it has none by its pixels. */
function positionsOf(shapes: BatchShapes, { streams }: BackboneShape): readonly [all: number, row: number] {
  const masks = new Set(streams.flatMap((stream) => stream.masks));
  const named = Object.entries(shapes).filter(([name]) => masks.has(name.split('.').at(-1) as string));
  const unmasked = Object.values(shapes).filter(({ shape }) => shape.length > 3);
  const pixels = unmasked.reduce((sum, { shape }) => sum + sizeOf(shape) / PATCH, 0);
  const width = unmasked.reduce((sum, { shape }) => sum + sizeOf(shape.slice(1)) / PATCH, 0);
  return [
    named.reduce((sum, [, { shape }]) => sum + sizeOf(shape), pixels),
    named.reduce((sum, [, { shape }]) => sum + (shape[1] ?? 1), width),
  ];
}

/** Whether a batch is so small that recording its graph to know its memory would be a waste of time. */
function isSmall(shapes: BatchShapes, backbone: BackboneShape, limit: number): boolean {
  const [positions, row] = positionsOf(shapes, backbone);
  const layers = backbone.streams.reduce((sum, stream) => {
    const { hiddenSize, intermediateSize, heads } = stream;
    const width = OF_HIDDEN * hiddenSize + OF_INTERMEDIATE * intermediateSize + OF_ATTENTION * heads * row;
    return sum + stream.layers * width;
  }, 0);
  const bytes = HOST_BATCHES * bytesOf(shapes) + 4 * positions * layers;
  return process.memoryUsage().rss + bytes < limit / 2;
}

/** The most examples of a batch that fit; 0 where none does. */
function largestFitting(memory: (count: number) => BatchMemory, asked: number, limit: number): number {
  let [fits, isTooLarge] = [0, asked];
  while (isTooLarge - fits > 1) {
    const middle = Math.floor((fits + isTooLarge) / 2);
    if (memory(middle).most <= limit) fits = middle;
    else isTooLarge = middle;
  }
  return fits;
}

/** Share of the least that is sure: kernels that are made of several ops for large values keep less between them. */
const SURE = 0.8;

/** The example with the greatest rough length; undefined of none. */
export function longestOf(examples: readonly Example[], task: AnyTask): Example | undefined {
  const [first, ...rest] = examples;
  return first && rest.reduce((most, one) => (task.length(one) > task.length(most) ? one : most), first);
}

/** A batch and where its size is said. */
interface AskedBatch {
  readonly backbone: BackboneShape;
  readonly work: Measurable;
  readonly collator: Collator;
  /** The longest example of a batch. */
  readonly example: Example;
  readonly count: number;
  readonly how: Parameters<Collator['collate']>[1];
  /** `training.batchSize`, `--batch-size`. */
  readonly where: string;
}

/**
 * Throws UsageError, before any memory is taken, where batches can't fit into the memory of this machine; gives back a
 * remark where they may not.
 */
export async function requireFittingBatch({
  work,
  collator,
  example,
  count,
  how,
  where,
  backbone,
}: AskedBatch): Promise<Problem | undefined> {
  const shapes = await shapesOfBatch(collator, example, how);
  const limit = memoryLimit();
  if (!shapes || isSmall(shapes(count), backbone, limit)) return undefined;
  const memory = memoryIfKnown(work, shapes, count);
  const found = memory?.(count);
  if (!memory || !found || found.most <= limit) return undefined;
  const isSure = SURE * found.least > limit;
  const fitting = largestFitting(memory, count, limit);
  const size = formatBytes(isSure ? SURE * found.least : found.most);
  const problem: Problem = {
    where,
    message: `a batch of ${count} ${isSure ? 'takes at least' : 'may take'} ${size}, this machine has ${formatBytes(limit)} of memory`,
    expected:
      fitting > 0
        ? `at most ${fitting}${where === 'training.batchSize' ? ', with training.accumulate for the rest' : ''}`
        : 'a smaller model, shorter texts, or training.gradientCheckpointing',
  };
  if (isSure) throw new UsageError(problem);
  return problem;
}
