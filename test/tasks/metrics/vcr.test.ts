import { expect, it } from 'vitest';
import { vcrMetrics } from '../../../tasks/metrics/vcr.js';
import { readJson } from '../../parity/readParity.js';

interface Golden {
  readonly answer_scores: readonly (readonly number[])[];
  readonly answer_labels: readonly number[];
  readonly rationale_scores: readonly (readonly number[])[];
  readonly rationale_labels: readonly number[];
  readonly expected: { readonly q_a: number; readonly qa_r: number; readonly q_ar: number };
}

it('scores answers, reasons and both as the reference does', () => {
  const golden = readJson<Golden>('metrics', 'vcr.json');
  const best = (scores: readonly number[]) => scores.indexOf(Math.max(...scores));
  const values = vcrMetrics(
    golden.answer_labels.map((answerLabel, i) => ({
      answers: [best(golden.answer_scores[i]!)],
      rationales: [best(golden.rationale_scores[i]!)],
      answerLabel,
      rationaleLabel: golden.rationale_labels[i]!,
    })),
  );
  expect(values.answer).toBeCloseTo(golden.expected.q_a, 12);
  expect(values.rationale).toBeCloseTo(golden.expected.qa_r, 12);
  expect(values.answerRationale).toBeCloseTo(golden.expected.q_ar, 12);
});

it('takes each of several tied choices as likely', () => {
  const labels = { answerLabel: 0, rationaleLabel: 3 };
  const values = vcrMetrics([
    { ...labels, answers: [0, 1, 2, 3], rationales: [2, 3] },
    { ...labels, answers: [0], rationales: [0, 1, 2, 3] },
    { ...labels, answers: [1, 2], rationales: [] },
    { ...labels, answers: [0], rationales: [3] },
  ]);
  expect(values).toEqual({
    answer: (1 / 4 + 1 + 0 + 1) / 4,
    rationale: (1 / 2 + 1 / 4 + 0 + 1) / 4,
    answerRationale: (1 / 8 + 1 / 4 + 0 + 1) / 4,
  });
});
