import { describe, expect, it } from 'vitest';
import { outcomesOf, talliesOf } from '../../src/recording/outcomes.js';
import { metricsOfAll } from '../../src/report/interval.js';
import type { Example } from '../../tasks/example.js';
import type { RetrievalOptions } from '../../tasks/retrieval/options.js';
import { wordSpans } from '../../tasks/shown.js';
import type { AnyTask, Prediction } from '../../tasks/task.js';
import { pretrain, retrieval } from '../readableTasks.js';

const sumsOf = (task: unknown, options: unknown, examples: readonly Example[], predictions: Prediction[]) => {
  const split = { split: 'test', step: 1, task: task as AnyTask, options, examples, predictions } as const;
  return metricsOfAll(outcomesOf(split, talliesOf(split)!));
};

describe('the words of a text', () => {
  it('stand without the punctuation around them', () => {
    const text = `Is the "dog's" left-hand ball (№ 3) größer?`;
    expect(wordSpans(text).map(({ start, end }) => text.slice(start, end))).toEqual([
      'Is',
      'the',
      "dog's",
      'left-hand',
      'ball',
      '3',
      'größer',
    ]);
  });
});

describe('retrieval', () => {
  const options = { score: 'contrastive' } as RetrievalOptions;
  const examples = ['a', 'b', 'c'].map((id) => ({
    id,
    picture: { id, path: `${id}.png` },
    captions: [0, 1].map((at) => ({ id: `${id}${at}`, text: `caption ${id}${at}` })),
  }));
  const found = (ids: readonly string[], right: string) =>
    ids.map((id, at) => ({ id, score: 0.9 - at / 10, right: id.startsWith(right) }));
  const prediction = (id: string, rank: number, ranks: readonly number[]): Prediction => ({
    id,
    rank,
    top: found(['b0', 'a1', 'c0'], id),
    captions: ranks.map((own, at) => ({
      id: `${id}${at}`,
      text: `caption ${id}${at}`,
      rank: own,
      top: found(['a', 'b', 'c'], id),
    })),
  });
  const predictions = [prediction('a', 1, [0, 7]), prediction('b', 0, [1, 1]), prediction('c', 6, [2, 12])];

  it('adds up to its recalls picture by picture, captions and combined ones too', () => {
    const { values } = retrieval.evaluate(predictions, examples, options);
    const sums = sumsOf(retrieval, options, examples, predictions);
    expect(Object.keys(sums).sort()).toEqual(Object.keys(values).sort());
    for (const [name, value] of Object.entries(sums)) expect(value, name).toBeCloseTo(values[name]!, 12);
  });

  it('shows the captions found for a picture, and the pictures found for its caption', () => {
    const shown = retrieval.show!(examples[0]!, predictions[0]!, { options, examples });
    const [texts, pictures] = shown.choices;
    expect(texts!.choices.map(({ text, right, chosen }) => [text, right, chosen])).toEqual([
      ['caption b0', false, true],
      ['caption a1', true, false],
      ['caption c0', false, false],
    ]);
    expect(texts!.scores).toBe('similarity');
    expect(pictures!.choices.map(({ picture }) => picture?.path)).toEqual(['a.png', 'b.png', 'c.png']);
    expect(shown.looks[0]).toMatchObject({ attention: 'separate' });
    expect(predictions.map((one, at) => retrieval.tally!(examples[at]!, one, options)!.right)).toEqual([
      false,
      true,
      false,
    ]);
  });
});

describe('pretraining', () => {
  it('adds up to its metrics', () => {
    const options = { objectives: { mlm: {}, matching: {}, pwcl: {}, regions: {} } } as never;
    const predictions = [
      [3, 5, 0.9, 1, 1, 2, 4],
      [1, 2, 0.7, 0, 0, 0, 0],
      [0, 0, 0.1, 0, 1, 3, 3],
    ].map(([tokensRight, tokens, matchingScore, matched, retrieved, regionsRight, regions], at) => ({
      id: `${at}`,
      ...{ tokensRight, tokens, matchingScore, matched, retrieved, regionsRight, regions },
    })) as unknown as Prediction[];
    const { values } = pretrain.evaluate(predictions, [], options);
    expect(values).toEqual({
      mean: expect.any(Number),
      mlm: 4 / 7,
      matching: 2 / 3,
      retrieval: 2 / 3,
      regions: 5 / 7,
    });
    const sums = sumsOf(pretrain, options, predictions, predictions);
    for (const [name, value] of Object.entries(values)) expect(sums[name]).toBeCloseTo(value, 12);
  });
});
