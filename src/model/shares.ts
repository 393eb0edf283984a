import type { InputBatch } from '../base/hostTensor.js';

/** What parts of the loss are means over in a batch, as `Task.counts`. */
export type CountsOf = (batch: InputBatch) => Counts;

/** Numbers by part of the loss. */
type Counts = Readonly<Record<string, number>>;

/** One of the batches of an update. */
interface Member {
  readonly micro: {
    readonly examples: readonly number[];
    readonly group?: string;
    readonly weight: number;
    readonly last: boolean;
  };
  readonly batch: InputBatch;
}

/** A batch with the weights of the parts of its loss. */
export type Weighed<M> = M & { readonly weights?: Readonly<Record<string, number>> };

/** The share of each batch of what a part is a mean over, part -> share; 0 where none of them has any of that. */
export function sharesOf(counts: readonly Counts[]): Counts[] {
  const all = new Map<string, number>();
  for (const one of counts)
    for (const [part, count] of Object.entries(one)) all.set(part, (all.get(part) ?? 0) + count);
  const share = (part: string, count: number) => count / (all.get(part) || 1);
  return counts.map((one) =>
    Object.fromEntries(Object.entries(one).map(([part, count]) => [part, share(part, count)])),
  );
}

/** Weights of each batch: its share of what a part is a mean over, among the batches of its group. */
function weigh<M extends Member>(update: readonly M[], countsOf: CountsOf): Weighed<M>[] {
  const counted = update.map((member) => ({ member, counts: countsOf(member.batch) }));
  return counted.map((one) => {
    const alike = counted.filter((other) => other.member.micro.group === one.member.micro.group);
    const examples = alike.reduce((sum, other) => sum + other.member.micro.weight, 0);
    const shares = sharesOf(alike.map(({ counts }) => counts))[alike.indexOf(one)] as Counts;
    const weights = Object.entries(shares).map(([part, share]) => [part, examples * share] as const);
    return { ...one.member, weights: Object.fromEntries(weights) };
  });
}

/**
 * The batches of updates with the weights that make their sum the loss of one large batch. Those of one update are held
 * until all are there, where parts of the loss are means over something else than examples.
 */
export async function* weighed<M extends Member>(
  batches: AsyncIterable<M>,
  countsOf: CountsOf | undefined,
): AsyncGenerator<Weighed<M>, void, undefined> {
  let update: M[] = [];
  for await (const member of batches) {
    update.push(member);
    if (countsOf && !member.micro.last) continue;
    if (countsOf && update.length > 1) yield* weigh(update, countsOf);
    else yield* update;
    update = [];
  }
}
