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
export function separateParts(mask: Tensor, firstLength: number): Tensor {
  const [batch, length] = mask.shape as [number, number];
  const isSecond = tf.greaterEqual(tf.range(0, length, 1, 'int32'), tf.scalar(firstLength, 'int32'));
  const part = tf.cast(isSecond, 'int32');
  const together = tf.equal(tf.reshape(part, [length, 1]), tf.reshape(part, [1, length]));
  return tf.mul(tf.reshape(mask, [batch, 1, 1, length]), tf.cast(together, 'float32'));
}

/** Which positions each position of a text may attend to when it sees only those before it: float32 [1, 1, T, T]. */
export function causalMask(length: number): Tensor {
  const positions = tf.range(0, length, 1, 'int32');
  const earlier = tf.lessEqual(tf.reshape(positions, [1, length]), tf.reshape(positions, [length, 1]));
  return tf.reshape(tf.cast(earlier, 'float32'), [1, 1, length, length]);
}

/** How the positions of a sequence see each other. */
export interface MaskParts {
  /** Text and picture keep apart: positions of the text, which come first. */
  readonly textLength?: number;
  /** Positions see only those before them. */
  readonly causal?: boolean;
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
  { textLength, causal = false }: MaskParts = {},
): Tensor {
  const parts = places.flatMap(({ part, count }) => new Array<'text' | 'picture'>(count).fill(part));
  const count = parts.length;
  if (count === 0) return mask;
  const [batch, heads, seen] = mask.shape as [number, number, number, number];
  if (seen === 1) return tf.concat([mask, tf.zeros([batch, heads, 1, count])], 3);
  const partOf = (row: number) =>
    row >= length ? parts[row - length] : row < (textLength ?? 0) ? 'text' : 'picture';
  const apart = (row: number, prompt: number) => textLength !== undefined && partOf(row) !== parts[prompt];
  const later = (row: number, prompt: number) => causal && row >= length && row - length < prompt;
  const columns = fromIndices([length + count, count], (row, prompt) =>
    apart(row, prompt) || later(row, prompt) ? -FORBIDDEN : 0,
  );
  // A prompt sees of the sequence what the first position of its part sees; before a causal one there is nothing.
  const rowsOf = ({ part, count: rows }: PromptPlace): Tensor => {
    if (causal) return tf.fill([batch, heads, rows, length], -FORBIDDEN);
    const first = part === 'picture' ? Math.min(textLength ?? 0, length - 1) : 0;
    return tf.tile(tf.slice(mask, [0, 0, first, 0], [batch, heads, 1, length]), [1, 1, rows, 1]);
  };
  const whole = tf.concat([mask, ...places.map(rowsOf)], 2);
  return tf.concat([whole, tf.tile(columns, [batch, heads, 1, 1])], 3);
}
