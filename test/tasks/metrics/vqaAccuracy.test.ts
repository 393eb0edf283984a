import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/base/errors.js';
import type { VqaAnnotation } from '../../../tasks/metrics/vqaAccuracy.js';
import { evaluateVqa, normalizeAnswer, softTarget, vqaAccuracy } from '../../../tasks/metrics/vqaAccuracy.js';
import { readJson } from '../../parity/readParity.js';

interface Golden {
  readonly contractions: Readonly<Record<string, string>>;
  readonly cases: readonly {
    readonly prediction: string;
    readonly answers: readonly string[];
    readonly prediction_normalised: string;
    readonly expected: number;
  }[];
  readonly overall_accuracy_percent: number;
}

const golden = readJson<Golden>('metrics', 'vqa.json');

const annotations: VqaAnnotation[] = golden.cases.map(({ answers }, i) => ({
  id: `${i}`,
  answers,
  answerType: i % 2 ? 'number' : 'other',
  questionType: `type ${i % 3}`,
}));
const predictions = new Map(golden.cases.map(({ prediction }, i) => [`${i}`, prediction]));

const meanOf = (filter: (i: number) => boolean) => {
  const chosen = golden.cases.filter((_, i) => filter(i)).map(({ expected }) => expected);
  return {
    value: expect.closeTo(chosen.reduce((a, b) => a + b, 0) / chosen.length, 12),
    count: chosen.length,
  };
};

describe('VQA accuracy', () => {
  it.each(golden.cases)('scores $prediction as the official evaluation does', (golden) => {
    expect(normalizeAnswer(golden.prediction)).toBe(golden.prediction_normalised);
    expect(vqaAccuracy(golden.prediction, golden.answers)).toBeCloseTo(golden.expected, 12);
  });

  it.each(Object.entries(golden.contractions))('turns %s into %s', (wrong, right) => {
    expect(normalizeAnswer(wrong)).toBe(right);
  });

  it('leaves other words alone', () => {
    for (const word of ['its', 'constructor', "don't", 'im', '3.5']) expect(normalizeAnswer(word)).toBe(word);
  });

  it('is what the soft target of a given answer says, for every number of annotators', () => {
    for (let n = 0; n <= 10; n++) {
      const answers = Array.from({ length: 10 }, (_, i) => (i < n ? 'cat' : `dog ${i}`));
      expect(softTarget(n)).toBeCloseTo(vqaAccuracy('cat', answers), 12);
      expect(softTarget(n)).toBe([0, 0.3, 0.6, 0.9, 1][Math.min(n, 4)]);
    }
  });
});

describe('evaluating a set of questions', () => {
  it('gives the overall mean and the means of the types with their counts', () => {
    const report = evaluateVqa(predictions, annotations);
    expect(report.overall.value * 100).toBeCloseTo(golden.overall_accuracy_percent, 8);
    expect(report.overall.count).toBe(40);
    expect(report.byAnswerType).toEqual({
      number: meanOf((i) => i % 2 === 1),
      other: meanOf((i) => i % 2 === 0),
    });
    expect(report.byQuestionType).toEqual({
      'type 0': meanOf((i) => i % 3 === 0),
      'type 1': meanOf((i) => i % 3 === 1),
      'type 2': meanOf((i) => i % 3 === 2),
    });
  });

  it('does not depend on the order of the questions', () => {
    const report = evaluateVqa(predictions, [...annotations].reverse());
    expect(report.overall.value).toBeCloseTo(evaluateVqa(predictions, annotations).overall.value, 12);
    expect(Object.keys(report.byQuestionType)).toEqual(['type 0', 'type 1', 'type 2']);
  });

  it('refuses questions without prediction, all named, and no questions at all', () => {
    const few = new Map([...predictions].slice(2));
    expect(() => evaluateVqa(few, annotations)).toThrow(
      /question 0: no prediction\nquestion 1: no prediction/,
    );
    expect(() => evaluateVqa(predictions, [])).toThrow(UsageError);
  });
});
