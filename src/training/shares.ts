import type { InputBatch } from '../data/hostTensor.js';

/** What parts of the loss are means over in a batch, as `Task.counts`. */
export type CountsOf = (batch: InputBatch) => Readonly<Record<string, number>>;

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

/** Weights of each batch: its share of what a part is a mean over, among the batches of its group. */
function weigh<M extends Member>(update: readonly M[], countsOf: CountsOf): Weighed<M>[] {
  const counted = update.map((member) => ({ member, counts: countsOf(member.batch) }));
  return counted.map(({ member, counts }) => {
    const alike = counted.filter((other) => other.member.micro.group === member.micro.group);
    const examples = alike.reduce((sum, other) => sum + other.member.micro.weight, 0);
    const weights = Object.entries(counts).map(([part, count]) => {
      const all = alike.reduce((sum, other) => sum + (other.counts[part] ?? 0), 0);
      return [part, all > 0 ? (examples * count) / all : 0] as const;
    });
    return { ...member, weights: Object.fromEntries(weights) };
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
