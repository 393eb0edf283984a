import { describe, expect, it } from 'vitest';
import {
  atRank,
  expectedRank,
  isFirst,
  largestPlaces,
  readStanding,
  recallAt,
  type Standing,
  standingOf,
  writtenStanding,
} from '../../../tasks/metrics/ties.js';

/** Every order of a list. */
function orders<T>(list: readonly T[]): T[][] {
  if (list.length === 0) return [[]];
  return list.flatMap((one, at) =>
    orders(list.filter((_, other) => other !== at)).map((rest) => [one, ...rest]),
  );
}

/** 0-based ranks of the first right one in every order of those that are tied. */
const ranksOf = ({ above, right, wrong }: Standing): number[] =>
  orders([...Array(right).fill(true), ...Array(wrong).fill(false)]).map(
    (order) => above + order.indexOf(true),
  );

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

const standings: readonly Standing[] = [
  atRank(0),
  atRank(3),
  { above: 0, right: 1, wrong: 5 },
  { above: 2, right: 1, wrong: 3 },
  { above: 1, right: 3, wrong: 3 },
  { above: 0, right: 2, wrong: 0 },
  { above: 4, right: 2, wrong: 4 },
];

describe('a standing among scores that are tied', () => {
  it.each(standings)(
    'has the mean over all orders: $above better, $right right and $wrong wrong ones',
    (one) => {
      const ranks = ranksOf(one);
      expect(expectedRank(one)).toBeCloseTo(mean(ranks), 12);
      for (const k of [1, 2, 5, 10])
        expect(recallAt(one, k), `${k}`).toBeCloseTo(mean(ranks.map((rank) => Number(rank < k))), 12);
      expect(isFirst(one)).toBe(ranks.every((rank) => rank === 0));
      expect(readStanding(JSON.parse(JSON.stringify(writtenStanding(one))))).toEqual(
        one.wrong > 0 ? one : atRank(one.above),
      );
    },
  );

  it('counts what scores more, and what scores the same', () => {
    const scores = [3, 1, 2, 2, 2, 0];
    expect(standingOf(scores, [0])).toEqual(atRank(0));
    expect(standingOf(scores, [3])).toEqual({ above: 1, right: 1, wrong: 2 });
    expect(standingOf(scores, [2, 4, 5])).toEqual({ above: 1, right: 2, wrong: 1 });
    expect(largestPlaces([1, 3, 0, 3])).toEqual([1, 3]);
  });
});
