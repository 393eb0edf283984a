import { createRandom, type Random } from '../random.js';

export interface SamplerOptions {
  readonly batchSize: number;
  readonly seed: number;
  /** Batches are made of examples of similar length, so that little is padded. */
  readonly bucketByLength: boolean;
}

/** Batches that are sorted by length together: large enough to find neighbours, small enough to stay random. */
const BATCHES_PER_CHUNK = 50;

const cut = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));

function bucketed(order: readonly number[], lengths: readonly number[], size: number, random: Random) {
  const byLength = (a: number, b: number) => (lengths[a] ?? 0) - (lengths[b] ?? 0);
  const batches = cut(order, size * BATCHES_PER_CHUNK).flatMap((chunk) => cut(chunk.sort(byLength), size));
  return random.shuffle(batches);
}

/**
 * The batches of one epoch as indices into the examples: every example exactly once, in an order that follows from
 * seed and epoch alone. The rest that does not fill a batch makes one smaller batch.
 */
export function epochBatches(lengths: readonly number[], epoch: number, options: SamplerOptions): number[][] {
  const { batchSize, seed, bucketByLength } = options;
  const random = createRandom(seed, 'epoch', epoch);
  const order = random.shuffle(lengths.map((_, index) => index));
  return bucketByLength ? bucketed(order, lengths, batchSize, random) : cut(order, batchSize);
}

/** Batches in order of length, longest last, for evaluation: little is padded, few shapes are traced. */
export const batchesByLength = (lengths: readonly number[], batchSize: number): number[][] =>
  cut(
    lengths.map((_, index) => index).sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0) || a - b),
    batchSize,
  );
