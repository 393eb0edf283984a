import { createRandom, type Random, seedFrom } from '../base/random.js';

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

/** Examples of which a batch holds one group only. */
export interface ExampleGroups {
  /** Group -> indices of its examples. */
  readonly members: ReadonlyMap<string, readonly number[]>;
  /** Share of the batches by group, adding up to 1; absent: every example is shown once an epoch. */
  readonly shares?: ReadonlyMap<string, number>;
}

/** A batch of one group. */
export interface GroupBatch {
  readonly group: string;
  /** Indices into all examples. */
  readonly examples: readonly number[];
}

const batchesOf = ({ length }: readonly unknown[], size: number): number => Math.ceil(length / size);

/**
 * How many of the first `count` batches are of each group: by Webster's method, the next one goes where
 * share / (batches so far + 1/2) is largest. What a group has only grows with `count`.
 */
function apportion(shares: ReadonlyMap<string, number>, count: number): Map<string, number> {
  const groups = [...shares].map(([name, share]) => ({ name, share, has: 0 }));
  for (let batch = 0; batch < count; batch++) {
    const next = groups.reduce((a, b) => (b.share / (b.has + 0.5) > a.share / (a.has + 0.5) ? b : a));
    next.has += 1;
  }
  return new Map(groups.map(({ name, has }) => [name, has]));
}

/** Batches of each group in all epochs before this one. */
function batchesBefore(epoch: number, { members, shares }: ExampleGroups, size: number): Map<string, number> {
  const own = [...members].map(([group, indices]) => [group, batchesOf(indices, size)] as const);
  const total = own.reduce((sum, [, count]) => sum + count, 0);
  if (shares) return apportion(shares, epoch * total);
  return new Map(own.map(([group, count]) => [group, epoch * count]));
}

/** Batches `from` to `to` (exclusive) of the endless row of passes over one group, each pass in a fresh order. */
function* passes(
  members: readonly number[],
  lengths: readonly number[],
  [from, to]: readonly [number, number],
  options: SamplerOptions,
): Generator<readonly number[]> {
  const own = members.map((index) => lengths[index] ?? 0);
  const each = batchesOf(members, options.batchSize);
  for (let pass = Math.floor(from / each); pass * each < to; pass++) {
    const batches = epochBatches(own, pass, options);
    const part = batches.slice(Math.max(0, from - pass * each), to - pass * each);
    for (const batch of part) yield batch.map((place) => members[place] as number);
  }
}

/**
 * The batches of one epoch where a batch holds one group only, as many as all examples make. Without shares every
 * example is shown once. With them a group goes on where the last epoch left it, and is shuffled anew when all of it
 * has been shown: a small one comes several times, a large one is not finished.
 */
export function groupedBatches(
  lengths: readonly number[],
  groups: ExampleGroups,
  epoch: number,
  options: SamplerOptions,
): GroupBatch[] {
  const { batchSize, seed } = options;
  const before = batchesBefore(epoch, groups, batchSize);
  const after = batchesBefore(epoch + 1, groups, batchSize);
  const rows = [...groups.members].map(([group, members]) => {
    const range = [before.get(group) ?? 0, after.get(group) ?? 0] as const;
    const own = { ...options, seed: seedFrom(seed, 'group', group) };
    return [...passes(members, lengths, range, own)].map((examples): GroupBatch => ({ group, examples }));
  });
  // Turns are drawn, the order inside a group stays: no example comes again before all of its group have come.
  const turns = rows.flatMap((row) => {
    const next = row.values();
    return row.map(() => next);
  });
  return createRandom(seed, 'groups', epoch)
    .shuffle(turns)
    .map((turn) => turn.next().value as GroupBatch);
}

/** Batches in order of length, longest last, for evaluation: little is padded, few shapes are traced. */
export const batchesByLength = (lengths: readonly number[], batchSize: number): number[][] =>
  cut(
    lengths.map((_, index) => index).sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0) || a - b),
    batchSize,
  );
