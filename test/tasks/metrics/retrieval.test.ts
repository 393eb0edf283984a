import { describe, expect, it } from 'vitest';
import { median, medianOfSorted } from '../../../tasks/metrics/median.js';
import { chanceMetrics, retrievalMetrics } from '../../../tasks/metrics/retrieval.js';
import { rocAuc } from '../../../tasks/metrics/rocAuc.js';
import { atRank } from '../../../tasks/metrics/ties.js';
import { largest, rankTargets, reorder } from '../../../tasks/retrieval/ranking.js';
import { readJson } from '../../parity/readParity.js';

interface Golden {
  readonly scores: readonly (readonly number[])[];
  readonly expected: Readonly<Record<string, number>> & {
    readonly tr_ranks: readonly number[];
    readonly ir_ranks: readonly number[];
  };
}
const { scores, expected } = readJson<Golden>('metrics', 'retrieval.json');
const own = (picture: number) => Array.from({ length: 5 }, (_, i) => picture * 5 + i);

describe('ranks and recalls', () => {
  const textRanks = scores.map((row, picture) => rankTargets(row, own(picture), 10).standing);
  const columns = scores[0]!.map((_, caption) => scores.map((row) => row[caption]!));
  const pictureRanks = columns.map(
    (column, caption) => rankTargets(column, [Math.floor(caption / 5)], 10).standing,
  );

  it('are those of the reference', () => {
    expect(textRanks).toEqual(expected.tr_ranks.map(atRank));
    expect(pictureRanks).toEqual(expected.ir_ranks.map(atRank));
    const values = retrievalMetrics(textRanks, pictureRanks);
    for (const k of [1, 5, 10]) {
      expect(100 * values[`textRecall${k}`]!).toBeCloseTo(expected[`tr_r${k}`]!, 9);
      expect(100 * values[`pictureRecall${k}`]!).toBeCloseTo(expected[`ir_r${k}`]!, 9);
    }
    expect(100 * values.recallMean!).toBeCloseTo(expected.r_mean!, 9);
    expect(values.rSum).toBeCloseTo(expected.rsum!, 9);
  });

  it('have a chance level that random orders reach', () => {
    // 2 pictures with 1 and 3 captions: the best of c among 4 stands first with probability c / 4
    const values = chanceMetrics([1, 3]);
    expect(values.textRecall1).toBeCloseTo((1 / 4 + 3 / 4) / 2, 12);
    expect(values.pictureRecall1).toBe(0.5);
    expect(values.pictureRecall10).toBe(1);
  });

  it('keep the largest with ties by index, and reorder them without losing what lies outside', () => {
    expect(largest([1, 3, 3, 2, 5], 3)).toEqual([4, 1, 2]);
    const first = rankTargets([1, 3, 3, 2, 5], [3], 3);
    expect(first).toEqual({ top: [4, 1, 2], scores: [5, 3, 3], standing: atRank(3) });
    expect(reorder(first, [3], (target) => -target)).toEqual({
      top: [1, 2, 4],
      scores: [-1, -2, -4],
      standing: atRank(3),
    });
    expect(reorder(first, [2], (target) => (target === 2 ? 1 : 0)).standing).toEqual(atRank(0));
  });
});

describe('scores that are tied', () => {
  it('give what chance gives: of six equal captions one is first in one of six orders', () => {
    const equal = new Float32Array(6);
    const standings = Array.from({ length: 6 }, (_, at) => rankTargets(equal, [at], 6).standing);
    const { recallMean, rSum, ...values } = retrievalMetrics(standings, standings);
    const { recallMean: mean, rSum: sum, ...chance } = chanceMetrics([1, 1, 1, 1, 1, 1]);
    expect(values.textRecall1).toBeCloseTo(1 / 6, 12);
    expect(values.textRecall5).toBeCloseTo(5 / 6, 12);
    for (const [name, value] of Object.entries(chance)) expect(values[name], name).toBeCloseTo(value, 12);
    expect([recallMean, rSum]).toEqual([expect.closeTo(mean!, 12), expect.closeTo(sum!, 9)]);
    expect([values.medianTextRank, values.medianPictureRank]).toEqual([3.5, 3.5]);
  });

  it('are ordered as they are said to be, where some become candidates', () => {
    const order = [3, 0, 4, 1, 2];
    expect(largest([1, 1, 1, 1, 1], 3, (at) => order.indexOf(at))).toEqual([3, 0, 4]);
    expect(largest([1, 1, 2, 1, 1], 3, (at) => order.indexOf(at))).toEqual([2, 3, 0]);
  });

  it('leave the right one behind candidates, among the rest of those it is tied with', () => {
    // one is better, five are tied, two of which became candidates; the right one is among the three behind
    const first = rankTargets([9, 1, 1, 1, 1, 1], [5], 3);
    expect(first.standing).toEqual({ above: 1, right: 1, wrong: 4 });
    expect(reorder(first, [5], () => 0).standing).toEqual({ above: 3, right: 1, wrong: 2 });
    expect(reorder(first, [1], () => 0).standing).toEqual({ above: 0, right: 1, wrong: 2 });
  });
});

describe('a median', () => {
  it('is the middle value, or the mean of both in the middle', () => {
    expect(median([9, 1, 4])).toBe(4);
    expect(median([9, 1, 4, 2])).toBe(3);
    expect(median([])).toBeNaN();
  });

  it('counts each value as often as it is said to, as numpy.median(numpy.repeat(values, times))', () => {
    const values = [1, 2, 9];
    expect(medianOfSorted(values, [1, 0, 3])).toBe(9);
    expect(medianOfSorted(values, [2, 1, 1])).toBe(1.5);
    expect(medianOfSorted(values, [2, 0, 2])).toBe(5);
    expect(medianOfSorted(values, [0, 5, 0])).toBe(2);
    expect(medianOfSorted(values, [0, 0, 0])).toBeNaN();
  });
});

describe('rocAuc', () => {
  it('has no value among scores that have none', () => {
    expect(rocAuc([0.1, Number.NaN, 0.3, Number.NaN], [true, false, true, false])).toBeNaN();
  });

  interface Case {
    readonly name: string;
    readonly labels: readonly number[];
    readonly scores: readonly number[];
    readonly expected: number;
  }
  const { cases } = readJson<{ readonly cases: readonly Case[] }>('metrics', 'roc_auc.json');
  it.each(cases)('is that of the reference: $name', ({ scores: values, labels, expected: area }) => {
    expect(rocAuc(values, labels.map(Boolean))).toBeCloseTo(area, 12);
  });
});
