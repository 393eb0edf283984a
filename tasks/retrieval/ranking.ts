import { type Standing, standingOf } from '../metrics/ties.js';

/** What a query found. */
export interface Ranking {
  /** Targets, best first. */
  readonly top: readonly number[];
  /** Score of each of `top`. */
  readonly scores: readonly number[];
  /** Where the best right target stands among all. */
  readonly standing: Standing;
}

/** Indices of the `count` largest values, largest first, ties by their places in an order of all of them. */
export function largest(
  values: ArrayLike<number>,
  count: number,
  placeOf: (index: number) => number = (index) => index,
): number[] {
  const kept: number[] = [];
  const before = (a: number, b: number) =>
    values[a]! > values[b]! || (values[a] === values[b] && placeOf(a) < placeOf(b));
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

/** The best targets of a query, ties as `placeOf` has them, and where its best right one stands. */
export function rankTargets(
  scores: ArrayLike<number>,
  right: readonly number[],
  count: number,
  placeOf?: (index: number) => number,
): Ranking {
  const top = largest(scores, count, placeOf);
  return { top, scores: top.map((target) => scores[target]!), standing: standingOf(scores, right) };
}

/** A right target that is not among the best `count`: of the wrong ones that are tied with it some are. */
function standingBehind({ above, right, wrong }: Standing, count: number): Standing {
  return { above: Math.max(above, count), right, wrong: wrong - Math.max(0, count - above) };
}

/** The same targets in the order of another score; what is not among them stays behind them. */
export function reorder(
  ranking: Ranking,
  right: readonly number[],
  score: (target: number) => number,
): Ranking {
  const scored = ranking.top.map((target) => ({ target, score: score(target) }));
  scored.sort((a, b) => b.score - a.score);
  const [top, scores] = [scored.map(({ target }) => target), scored.map((one) => one.score)];
  const found = [...top.keys()].filter((at) => right.includes(top[at]!));
  const standing =
    found.length > 0 ? standingOf(scores, found) : standingBehind(ranking.standing, top.length);
  return { top, scores, standing };
}
