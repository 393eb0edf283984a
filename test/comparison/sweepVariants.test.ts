import { describe, expect, it } from 'vitest';
import { parseSweepKeys, type SweepKeys } from '../../src/comparison/sweepKeys.js';
import { sweepVariants } from '../../src/comparison/sweepVariants.js';

const RATE = 'training.optimizer.learningRate';

const pointsOf = (keys: SweepKeys) => sweepVariants(keys).variants.map(({ values }) => values);
const problemsOf = (keys: SweepKeys) => sweepVariants(keys).problems.map(({ message }) => message);

describe('a grid', () => {
  it('has every value of a key with every value of the others', () => {
    expect(pointsOf({ grid: { [RATE]: [1e-3, 1e-4], 'adapters[0].width': [8, 'auto'] } })).toEqual([
      { learningRate: 1e-3, width: 8 },
      { learningRate: 1e-3, width: 'auto' },
      { learningRate: 1e-4, width: 8 },
      { learningRate: 1e-4, width: 'auto' },
    ]);
  });

  it('changes the places that its keys name', () => {
    const [{ name, changes } = { name: '', changes: [] }] = sweepVariants({
      grid: { 'adapters[1].width': [8] },
    }).variants;
    expect({ name, changes }).toEqual({
      name: 'width=8',
      changes: [{ path: ['adapters', 1, 'width'], value: 8, flag: '--grid adapters[1].width=8' }],
    });
  });

  it('names keys in full where their ends do not tell them apart', () => {
    expect(pointsOf({ grid: { 'adapters[0].width': [8], 'adapters[1].width': [4] } })).toEqual([
      { 'adapters[0].width': 8, 'adapters[1].width': 4 },
    ]);
  });
});

describe('random draws', () => {
  const ranges = { [RATE]: { from: 1e-5, to: 1e-1, log: true } };

  it('are the same every time, and more of them begin with the same ones', () => {
    const few = pointsOf({ ranges, draws: 3 });
    expect(few).toEqual(pointsOf({ ranges, draws: 3 }));
    expect(pointsOf({ ranges, draws: 8 }).slice(0, 3)).toEqual(few);
    expect(new Set(few.map((values) => values?.learningRate)).size).toBe(3);
  });

  it('are uniform in the logarithm where that is asked: a quarter of them in each of four decades', () => {
    const values = pointsOf({ ranges, draws: 4000 }).map((point) => Number(point?.learningRate));
    for (const low of [1e-5, 1e-4, 1e-3, 1e-2]) {
      const share = values.filter((value) => value >= low && value < 10 * low).length / values.length;
      expect(share).toBeCloseTo(0.25, 1);
    }
  });

  it('are whole numbers where that is asked, both ends as often as the others', () => {
    const values = pointsOf({
      ranges: { 'adapters[0].width': { from: 1, to: 4, integer: true } },
      draws: 4000,
    });
    const counts = [1, 2, 3, 4].map((width) => values.filter((point) => point?.width === width).length);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(4000);
    for (const count of counts) expect(count / 4000).toBeCloseTo(0.25, 1);
  });

  it('stay within their range, and are what is shown', () => {
    for (const { name, values } of sweepVariants({ ranges, draws: 200 }).variants) {
      const rate = Number(values?.learningRate);
      expect(rate >= 1e-5 && rate <= 1e-1 && name === `learningRate=${rate}`).toBe(true);
    }
  });

  it('go with every point of a grid', () => {
    const points = pointsOf({ grid: { seedless: [1, 2] }, ranges, draws: 2 });
    expect(points.map((point) => point?.seedless)).toEqual([1, 1, 2, 2]);
    expect(points[0]?.learningRate).toBe(points[2]?.learningRate);
  });
});

describe('keys on the command line', () => {
  it('are read as JSON, or as text', () => {
    const { keys, problems } = parseSweepKeys(
      ['a.b=1e-3,"x,y",relu,[1,2]'],
      ['c=1e-5..1e-2:log', 'd=-2..64:integer'],
      4,
    );
    expect(problems).toEqual([]);
    expect(keys).toEqual({
      grid: { 'a.b': [1e-3, 'x,y', 'relu', [1, 2]] },
      ranges: { c: { from: 1e-5, to: 1e-2, log: true }, d: { from: -2, to: 64, integer: true } },
      draws: 4,
    });
  });

  it('are told where they can not be read', () => {
    const { problems } = parseSweepKeys(['a', '=1', 'a=1', 'a=2'], ['b=1-2', 'b=1..2:lag'], 1);
    expect(problems.map(({ file, message }) => `${file}: ${message}`)).toEqual([
      '--grid a: this can not be read',
      '--grid =1: this can not be read',
      '--grid a=2: this key is given twice',
      '--range b=1-2: this can not be read',
      '--range b=1..2:lag: this can not be read',
    ]);
  });
});

describe('what is wrong with the keys', () => {
  it.each<[SweepKeys, string]>([
    [{}, 'no key is varied'],
    [{ ranges: { a: { from: 1, to: 2 } } }, 'ranges are given, but not how often to draw'],
    [{ grid: { a: [1] }, draws: 3 }, 'there is nothing to draw from'],
    [{ grid: { a: [] } }, 'no value is given'],
    [{ grid: { seed: [1, 2] } }, '"seed" can not be varied'],
    [{ grid: { 'a..b': [1] } }, '"a..b" is not a key'],
    [{ grid: { 'a.b': [1], a: [2] } }, 'another key that is varied is a part of this one, or the same'],
    [{ ranges: { a: { from: 2, to: 1 } }, draws: 1 }, '2 is not less than 1'],
    [{ ranges: { a: { from: 0, to: 1, log: true } }, draws: 1 }, 'the logarithm of 0 is not a number'],
    [{ ranges: { a: { from: 0.5, to: 2, integer: true } }, draws: 1 }, 'its ends are not whole numbers'],
    [{ ranges: { a: { from: 0, to: 1 } }, draws: 1e9 }, '1000000000 points are too many'],
  ])('%j: %s', (keys, message) => {
    expect(problemsOf(keys)).toEqual([message]);
  });
});
