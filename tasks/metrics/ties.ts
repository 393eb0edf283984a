/**
 * Where the first right one of a ranking stands. Ones that score the same are in no order: metrics are expected values
 * over all their orders, so that a model that tells nothing apart gets what chance gets.
 */
export interface Standing {
  /** How many score more than the best right one. */
  readonly above: number;
  /** Right ones that score the same as it, it counted. */
  readonly right: number;
  /** Wrong ones that score the same as it. */
  readonly wrong: number;
}

/** What stands at a 0-based rank, tied with nothing. */
export const atRank = (rank: number): Standing => ({ above: rank, right: 1, wrong: 0 });

/** The standing among all scores. @param right at least one */
export function standingOf(scores: ArrayLike<number>, right: readonly number[]): Standing {
  const best = right.reduce((most, at) => Math.max(most, scores[at]!), Number.NEGATIVE_INFINITY);
  let [above, tied] = [0, 0];
  for (let at = 0; at < scores.length; at++) {
    if (scores[at]! > best) above++;
    else if (scores[at] === best) tied++;
  }
  const equal = right.filter((at) => scores[at] === best).length;
  return { above, right: equal, wrong: tied - equal };
}

/**
 * Probability that one of the first k is right. Of the r right and w wrong ones that are tied, j = k - above come among
 * the first k; all j are wrong with C(w, j) / C(r + w, j), a product of (w - i) / (r + w - i) over i < j.
 */
export function recallAt({ above, right, wrong }: Standing, k: number): number {
  let missed = 1;
  for (let drawn = 0; drawn < k - above && missed > 0; drawn++)
    missed *= (wrong - drawn) / (right + wrong - drawn);
  return 1 - missed;
}

/** Expected 0-based rank: above + w / (r + 1), since r right ones part w wrong ones in r + 1 alike groups. */
export const expectedRank = ({ above, right, wrong }: Standing): number => above + wrong / (right + 1);

/** Whether the first one is right however ties are ordered. */
export const isFirst = ({ above, wrong }: Standing): boolean => above === 0 && wrong === 0;

/** A standing as predictions have it: `tied` where its rank is a matter of order. */
export const writtenStanding = ({ above, right, wrong }: Standing) => ({
  rank: above,
  ...(wrong > 0 && { tied: { right, wrong } }),
});

/** The standing that a prediction has. */
export const readStanding = ({
  rank,
  tied,
}: {
  readonly rank: number;
  readonly tied?: { readonly right: number; readonly wrong: number };
}): Standing => ({ ...atRank(rank), ...tied });

/** Places of the largest values. */
export function largestPlaces(values: ArrayLike<number>): number[] {
  let most = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < values.length; at++) most = Math.max(most, values[at]!);
  return Array.from(values, (value, at) => (value === most ? at : -1)).filter((at) => at >= 0);
}

/** Share of a list that holds. */
export const shareOf = <T>(list: readonly T[], holds: (one: T) => boolean): number =>
  list.filter(holds).length / list.length;
