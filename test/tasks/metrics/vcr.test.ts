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
      answer: best(golden.answer_scores[i]!),
      rationale: best(golden.rationale_scores[i]!),
      answerLabel,
      rationaleLabel: golden.rationale_labels[i]!,
    })),
  );
  expect(values.answer).toBeCloseTo(golden.expected.q_a, 12);
  expect(values.rationale).toBeCloseTo(golden.expected.qa_r, 12);
  expect(values.answerRationale).toBeCloseTo(golden.expected.q_ar, 12);
});
