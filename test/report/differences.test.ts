import { describe, expect, it } from 'vitest';
import type { Outcomes } from '../../src/recording/outcomes.js';
import { differencesOf } from '../../src/report/beside/differences.js';
import { letterOf } from '../../src/report/beside/letters.js';
import { factsOfRun } from '../../src/report/facts.js';
import { recipeLines } from '../../src/report/recipeLines.js';
import type { RunRecord } from '../../src/report/runRecord.js';
import { smooth, thin } from '../../src/report/series.js';

const outcomes = (right: readonly (0 | 1)[]): Outcomes => ({
  split: 'test',
  step: 1,
  ids: right.map((_, at) => `example-${at}`),
  right,
  metrics: { accuracy: { sums: right } },
  combined: {},
});

/** As much of a run as its differences from others are made of. */
function run(task: string, right: readonly (0 | 1)[], recipe: object): RunRecord {
  const accuracy = right.reduce<number>((sum, one) => sum + one, 0) / right.length;
  return {
    folder: task,
    recipe: { seed: 1, ...recipe },
    summary: {
      name: task,
      task,
      metric: 'accuracy',
      metrics: { test: { values: { accuracy } } },
      baseline: {},
    },
    outcomes: { test: outcomes(right) },
    lines: [],
    timings: [],
    modules: [],
    defaults: [],
  } as unknown as RunRecord;
}

const differences = (...runs: RunRecord[]) => differencesOf(runs, runs.map(factsOfRun));

describe('runs beside each other', () => {
  const first = run('vqa', [1, 1, 0, 0, 1, 0], { adapters: [{ kind: 'lora', rank: 4 }], name: 'a' });
  const second = run('vqa', [1, 0, 0, 1, 1, 0], {
    adapters: [{ kind: 'lora', rank: 8 }, { kind: 'ia3' }],
    name: 'b',
    training: { batchSize: 4 },
  });
  const third = run('vqa', [1, 0, 0, 0, 0, 1], { adapters: [], name: 'c' });

  it('differ in the keys of their recipes, as deep as they are alike', () => {
    expect(differences(first, second).recipe).toEqual([
      { key: 'adapters[0].rank', values: [4, 8] },
      { key: 'adapters[1]', values: [undefined, { kind: 'ia3' }] },
      { key: 'training', values: [undefined, { batchSize: 4 }] },
    ]);
    expect(differences(first, first).recipe).toEqual([]);
  });

  it('are right together, alone, or not at all', () => {
    expect(differences(first, second, third).agreement).toEqual({
      split: 'test',
      examples: 6,
      allRight: 1,
      noneRight: 1,
      onlyRight: [1, 1, 1],
    });
  });

  it('are subtracted where they are of one task', () => {
    const [row] = differences(first, third).metrics;
    expect(row!.runs[1]!.difference).toBeCloseTo(2 / 6 - 3 / 6, 12);
    const other = run('grounding', [1, 1, 1, 1, 1, 1], {});
    expect(differences(first, other).metrics[0]!.runs[1]).toEqual({ value: 1 });
  });

  it('are called by letters, then by numbers', () => {
    expect([0, 25, 26].map(letterOf)).toEqual(['A', 'Z', '27']);
  });
});

describe('curves', () => {
  const points = Array.from({ length: 5000 }, (_, x) => ({ x, y: x === 2501 ? 90 : Math.sin(x / 300) }));

  it('are thinned without losing a peak or an end', () => {
    const few = thin(points);
    expect(few.length).toBeLessThanOrEqual(242);
    expect(few).toEqual(expect.arrayContaining([points[0], points[2501], points.at(-1)]));
    expect(few.map(({ x }) => x)).toEqual(few.map(({ x }) => x).sort((a, b) => a - b));
    expect(thin(points.slice(0, 100))).toEqual(points.slice(0, 100));
  });

  it('are smoothed as TensorBoard does it: a constant stays, the first value counts in full', () => {
    const constant = points.map(({ x }) => ({ x, y: 3 }));
    for (const { y } of smooth(constant)) expect(y).toBeCloseTo(3, 9);
    const [one, two] = smooth([
      { x: 1, y: 2 },
      { x: 2, y: 4 },
    ]);
    expect(one!.y).toBeCloseTo(2, 12);
    expect(two!.y).toBeCloseTo((0.9 * 0.1 * 2 + 0.1 * 4) / 0.19, 12);
  });
});

describe('a recipe as lines', () => {
  it('is its JSON, with a word on what is default', () => {
    const recipe = { name: 'a', adapters: [{ kind: 'lora', rank: 4 }], data: {}, mean: [0.5, 0.5] };
    const lines = recipeLines(recipe, ['adapters[0].rank', 'mean']);
    expect(JSON.parse(lines.map(({ text }) => text).join('\n'))).toEqual(recipe);
    expect(lines.filter(({ isDefault }) => isDefault).map(({ text }) => text.trim())).toEqual([
      '"rank": 4',
      '"mean": [0.5,0.5]',
    ]);
  });
});
