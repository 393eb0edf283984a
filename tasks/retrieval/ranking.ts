import { largest as largestOf } from '../../src/lists.js';
/** What a query found. */
export interface Ranking {
  /** Targets, best first. */
  readonly top: readonly number[];
  /** Score of each of `top`. */
  readonly scores: readonly number[];
  /** 0-based rank of the best right target among all. */
  readonly rank: number;
}

/** Indices of the `count` largest values, largest first, ties by index. */
export function largest(values: ArrayLike<number>, count: number): number[] {
  const kept: number[] = [];
  const before = (a: number, b: number) => values[a]! > values[b]! || (values[a] === values[b] && a < b);
  for (let at = 0; at < values.length; at++) {
    if (kept.length === count && !before(at, kept[count - 1]!)) continue;
    let low = 0;
    let high = kept.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (before(kept[middle]!, at)) low = middle + 1;
      else high = middle;
    }
    kept.splice(low, 0, at);
    if (kept.length > count) kept.pop();
  }
  return kept;
}

/** The best targets of a query and the rank of its best right one: how many others score more. */
export function rankTargets(scores: ArrayLike<number>, right: readonly number[], count: number): Ranking {
  const best = largestOf(right.map((target) => scores[target]!));
  let rank = 0;
  for (let at = 0; at < scores.length; at++) if (scores[at]! > best) rank++;
  const top = largest(scores, count);
  return { top, scores: top.map((target) => scores[target]!), rank };
}

/** The same targets in the order of another score; what is not among them keeps its rank. */
export function reorder(
  ranking: Ranking,
  right: readonly number[],
  score: (target: number) => number,
): Ranking {
  const scored = ranking.top.map((target) => ({ target, score: score(target) }));
  scored.sort((a, b) => b.score - a.score);
  const found = scored.findIndex(({ target }) => right.includes(target));
  return {
    top: scored.map(({ target }) => target),
    scores: scored.map((one) => one.score),
    rank: found >= 0 ? found : Math.max(ranking.rank, ranking.top.length),
  };
}
