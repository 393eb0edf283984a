import { describe, expect, it } from 'vitest';
import { spreadOf } from '../../src/comparison/comparison.js';
import { comparisonNotes, comparisonTable } from '../../src/comparison/table.js';
import { summariseComparison } from '../shipped.js';
import { finished, trialOf } from './summaries.js';

const facts = { kind: 'compare', name: 'mine', folder: 'out' } as const;

describe('the spread over seeds', () => {
  it('is that of Python: statistics.mean and statistics.stdev', () => {
    const { mean, deviation } = spreadOf([2, 4, 4, 4, 5, 5, 7, 9])!;
    expect(mean).toBe(5);
    expect(deviation).toBeCloseTo(2.138089935299395, 14);
  });

  it('has no deviation with one seed, and is none without', () => {
    expect(spreadOf([0.5])).toEqual({ mean: 0.5, values: [0.5] });
    expect(spreadOf([])).toBeUndefined();
  });
});

describe('a comparison', () => {
  const slow = {
    stepsPerSecond: 2.5,
    peakMemoryBytes: 700e6,
    seconds: { prepare: 1, train: 40, evaluate: 4, total: 45 },
  };
  const outcomes = [
    finished(trialOf('none', 1), 0.5, 0.4),
    finished(trialOf('lora', 1), 0.6, 0.58),
    finished(trialOf('none', 2), 0.52, 0.44),
    finished(trialOf('lora', 2), 0.7, 0.54, slow),
  ];
  const comparison = summariseComparison(outcomes, facts);

  it('has one row a variant with the means over its seeds', () => {
    const [none, lora] = comparison.rows;
    expect(none).toMatchObject({ name: 'none', validation: { mean: 0.51, values: [0.5, 0.52] } });
    expect(none?.test?.mean).toBeCloseTo(0.42, 12);
    expect(lora?.validation?.mean).toBeCloseTo(0.65, 12);
    expect(lora).toMatchObject({
      secondsPerStep: expect.closeTo(0.3, 12),
      trainingSeconds: 30,
      totalSeconds: 35,
      peakMemoryBytes: 600e6,
    });
    expect(comparison).toMatchObject({
      seeds: [1, 2],
      best: 'lora',
      baseline: { validation: 0.25, test: 0.26 },
    });
  });

  it('is told as a Markdown table whose columns stand below each other', () => {
    expect(comparisonTable(comparison).split('\n')).toEqual([
      '| adapter         | validation accuracy |   test accuracy | trained |  of all |   step | training | peak memory |',
      '| --------------- | ------------------: | --------------: | ------: | ------: | -----: | -------: | ----------: |',
      '| without looking |              0.2500 |          0.2600 |       - |       - |      - |        - |           - |',
      '| head only       |     0.5100 ± 0.0141 | 0.4200 ± 0.0283 |  12 345 | 12.35 % | 200 ms |     20 s |      500 MB |',
      '| lora            |     0.6500 ± 0.0707 | 0.5600 ± 0.0283 |  12 345 | 12.35 % | 300 ms |     30 s |      600 MB |',
    ]);
  });

  it('leaves failed trials out of the means, and says which they are', () => {
    const failed = summariseComparison(
      [
        ...outcomes.slice(0, 3),
        { trial: trialOf('lora', 2), error: 'training diverged' },
        { trial: trialOf('ia3', 1), error: 'no memory' },
      ],
      facts,
    );
    expect(failed.rows[1]?.test).toEqual({ mean: 0.58, values: [0.58] });
    const table = comparisonTable(failed);
    expect(table).toMatch(/^\| lora \(1 of 2 seeds failed\) \| +0\.6000 \|/m);
    expect(table).toMatch(/^\| ia3 \(failed\) +\| +- \|/m);
    expect(comparisonNotes(failed)).toEqual([
      'Means over the seeds 1, 2, ± standard deviation.',
      'Failed: lora, seed 2: training diverged',
      'Failed: ia3, seed 1: no memory',
    ]);
  });

  it('is none where every trial failed, and can still be told', () => {
    const nothing = summariseComparison([{ trial: trialOf('ia3', 1), error: 'no memory' }], facts);
    expect(nothing).toMatchObject({ metric: { name: 'accuracy' }, baseline: {} });
    expect(comparisonTable(nothing)).toMatch(/^\| ia3 \(failed\) \| +- \|/m);
  });
});

describe('a sweep', () => {
  const points = [
    [1e-4, 'add', 0.5],
    [1e-3, 'gate', 0.7],
    [1e-3, 'add', 0.6],
  ] as const;
  const comparison = summariseComparison(
    points.map(([learningRate, fusion, value]) =>
      finished(
        trialOf(`learningRate=${learningRate},fusion=${fusion}`, 1, { learningRate, fusion }),
        value,
        value,
      ),
    ),
    { ...facts, kind: 'sweep' },
  );

  it('has a column a key, and the best on the validation set first', () => {
    const cells = comparisonTable(comparison)
      .split('\n')
      .map((line) =>
        line
          .split('|')
          .slice(1, 4)
          .map((cell) => cell.trim()),
      );
    expect(cells).toEqual([
      ['learningRate', 'fusion', 'validation accuracy'],
      ['---------------', '------', '------------------:'],
      ['without looking', '-', '0.2500'],
      ['0.001', 'gate', '0.7000'],
      ['0.001', 'add', '0.6000'],
      ['0.0001', 'add', '0.5000'],
    ]);
  });

  it('says which point is best', () => {
    expect(comparisonNotes(comparison)).toEqual([
      'Seed 1.',
      'Best on the validation set: learningRate=0.001,fusion=gate.',
    ]);
  });
});
