import { type Tensor, tf } from '../engine/index.js';

/** Large enough that its softmax is exactly 0, small enough to stay finite in bf16 and when added to scores. */
const FORBIDDEN = 1e9;

/** Scores to add: 0 where `allowed` (float32) is 1, -1e9 where it is 0. */
export const additiveMask = (allowed: Tensor): Tensor => tf.mul(tf.sub(allowed, 1), FORBIDDEN);

/**
 * Which positions may be attended to when the two parts of a sequence keep apart.
 * @param mask float32 [B, S], 1 = real position
 * @param firstLength positions of the first part
 * @returns float32 [B, 1, S, S]
 */
function separateParts(mask: Tensor, firstLength: number): Tensor {
  const [batch, length] = mask.shape as [number, number];
  const isSecond = tf.greaterEqual(tf.range(0, length, 1, 'int32'), tf.scalar(firstLength, 'int32'));
  const part = tf.cast(isSecond, 'int32');
  const together = tf.equal(tf.reshape(part, [length, 1]), tf.reshape(part, [1, length]));
  return tf.mul(tf.reshape(mask, [batch, 1, 1, length]), tf.cast(together, 'float32'));
}

/** Which positions each position of a text may attend to when it sees only those before it: float32 [1, 1, T, T]. */
function causalMask(length: number): Tensor {
  const positions = tf.range(0, length, 1, 'int32');
  const earlier = tf.lessEqual(tf.reshape(positions, [1, length]), tf.reshape(positions, [length, 1]));
  return tf.reshape(tf.cast(earlier, 'float32'), [1, 1, length, length]);
}

/**
 * How the positions of a sequence see each other. `joint`: all see all. `separate`: each of two parts sees itself.
 * `causal`: a position sees none after it. `prefix`: the first part sees itself, the second sees the first and of itself
 * none after (the sequence-to-sequence mask of UniLM, Dong et al. 2019, arXiv 1905.03197, figure 1).
 */
export type Sight = 'joint' | 'separate' | 'causal' | 'prefix';

/** float32 [B, S], 1 for positions of the first part. */
function firstPart(starts: number | Tensor, length: number): Tensor {
  const positions = tf.reshape(tf.range(0, length, 1, 'int32'), [1, length]);
  const start = typeof starts === 'number' ? tf.scalar(starts, 'int32') : tf.reshape(starts, [-1, 1]);
  return tf.cast(tf.less(positions, start), 'float32');
}

/**
 * Which positions may be attended to; none that is not real.
 * @param real float32 [B, S], 1 = real position
 * @param starts where the second part begins: for all sequences, or int32 [B]; of no account without parts
 * @returns float32, broadcasts to [B, 1, S, S]
 */
export function seenPositions(real: Tensor, sight: Sight, starts: number | Tensor = 0): Tensor {
  const [batch, length] = real.shape as [number, number];
  const columns = tf.reshape(real, [batch, 1, 1, length]);
  if (sight === 'joint') return columns;
  if (sight === 'causal') return tf.mul(columns, causalMask(length));
  if (sight === 'separate' && typeof starts === 'number') return separateParts(real, starts);
  const first = firstPart(starts, length);
  const of = (part: Tensor, shape: readonly number[]) => tf.reshape(part, [-1, ...shape]) as Tensor;
  const [rows, seen] = [of(first, [1, length, 1]), of(first, [1, 1, length])];
  const allowed =
    sight === 'separate'
      ? tf.cast(tf.equal(rows, seen), 'float32')
      : tf.maximum(seen, tf.mul(tf.sub(1, rows), causalMask(length)));
  return tf.mul(columns, allowed);
}

/** How the positions of a sequence see each other, for those that join it. */
export interface MaskParts {
  /** Default `joint`. */
  readonly sight?: Sight;
  /** The first of two parts, where there are two: what it is, and its positions. */
  readonly first?: { readonly part: 'text' | 'picture'; readonly length: number };
}

/** A run of prompt positions. */
export interface PromptPlace {
  readonly owner: string;
  readonly part: 'text' | 'picture';
  readonly count: number;
}

/** [1, 1, rows, columns] from a row and a column index. */
const fromIndices = (
  [rows, columns]: readonly [number, number],
  value: (row: number, column: number) => number,
): Tensor => {
  const values = Float32Array.from({ length: rows * columns }, (_, i) =>
    value(Math.floor(i / columns), i % columns),
  );
  return tf.tensor(values, [1, 1, rows, columns]);
};

/** Whether a row of the sequence, or behind it a prompt, does not see a prompt. */
function seesNot(length: number, prompts: readonly ('text' | 'picture')[], { sight, first }: MaskParts) {
  const isFirst = (row: number): boolean =>
    row >= length ? prompts[row - length] === first?.part : row < (first?.length ?? 0);
  const isLater = (row: number, prompt: number) => row >= length && row - length < prompt;
  return (row: number, prompt: number): boolean => {
    if (sight === 'causal') return isLater(row, prompt);
    if (sight === 'separate') return isFirst(row) !== isFirst(length + prompt);
    if (sight !== 'prefix' || isFirst(length + prompt)) return false;
    return isFirst(row) || isLater(row, prompt);
  };
}

/**
 * What prompts of one part see of the sequence: what the first position of their part sees; before a causal one there is
 * nothing, and before the second part of one with a prefix that prefix, which is what its own positions see.
 */
function seenByPrompts(
  mask: Tensor,
  length: number,
  { part, count }: PromptPlace,
  { sight, first }: MaskParts,
): Tensor {
  const [batch, heads] = mask.shape as [number, number];
  const hasNothingBefore = sight === 'causal' || (sight === 'prefix' && !first?.length);
  if (hasNothingBefore) return tf.fill([batch, heads, count, length], -FORBIDDEN);
  const isSecond = sight === 'separate' && part !== first?.part;
  const row = isSecond ? Math.min(first?.length ?? 0, length - 1) : 0;
  return tf.tile(tf.slice(mask, [0, 0, row, 0], [batch, heads, 1, length]), [1, 1, count, 1]);
}

/**
 * The mask of a sequence behind which prompts stand that are seen as if they stood before it: everyone of their part sees
 * them; they see what their part sees, in a causal sequence only the prompts up to themselves.
 * @param mask added to the scores, broadcasts to [B, heads, S, S]
 * @param length S
 * @returns broadcasts to [B, heads, S + P, S + P]
 */
export function maskWithPrompts(
  mask: Tensor,
  length: number,
  places: readonly PromptPlace[],
  parts: MaskParts = {},
): Tensor {
  const prompts = places.flatMap(({ part, count }) => new Array<'text' | 'picture'>(count).fill(part));
  const count = prompts.length;
  if (count === 0) return mask;
  const [batch, heads, seen] = mask.shape as [number, number, number, number];
  if (seen === 1) return tf.concat([mask, tf.zeros([batch, heads, 1, count])], 3);
  const isHidden = seesNot(length, prompts, parts);
  const columns = fromIndices([length + count, count], (row, prompt) =>
    isHidden(row, prompt) ? -FORBIDDEN : 0,
  );
  const whole = tf.concat([mask, ...places.map((place) => seenByPrompts(mask, length, place, parts))], 2);
  return tf.concat([whole, tf.tile(columns, [batch, heads, 1, 1])], 3);
}
