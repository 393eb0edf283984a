import type { NlvrExample } from '../examples.js';
import { type NlvrJudgement, rightShare, sentenceOf } from '../metrics/nlvr2.js';
import { type Shown, type Tally, wordSpans } from '../shown.js';
import type { Prediction } from '../task.js';

const nameOf = (label: boolean) => (label ? 'True' : 'False');

/** How a prediction judges its sentence. */
export const judgementOf = ({ label, tied }: Prediction): NlvrJudgement =>
  tied === true ? 'tied' : label === nameOf(true);

/** Whether the judgement is right. */
export function tallyNlvr({ id, label }: NlvrExample, prediction: Prediction): Tally | undefined {
  if (label === undefined) return undefined;
  const right = rightShare(judgementOf(prediction), label);
  return {
    right: right === 1,
    groups: [`label ${nameOf(label)}`],
    counts: { accuracy: [right, 1] },
    units: { consistency: { unit: sentenceOf(id), right } },
  };
}

/** The right judgement. */
export const answerOf = ({ label }: NlvrExample): string | undefined =>
  label === undefined ? undefined : nameOf(label);

/** A sentence and both pictures. @param together whether one sequence holds both pictures */
export function showNlvr(
  { sentence, left, right, label }: NlvrExample,
  prediction: Prediction,
  together: boolean,
): Shown {
  const score = prediction.score as number;
  const both = [
    { picture: left, title: 'left', boxes: [] },
    { picture: right, title: 'right', boxes: [] },
  ];
  return {
    texts: [{ title: 'sentence', text: sentence }],
    pictures: both,
    choices: [
      {
        title: 'is it true of both',
        scores: 'probability',
        choices: [true, false].map((value) => {
          const chosen = prediction.label === nameOf(value);
          return {
            text: nameOf(value),
            score: chosen ? score : 1 - score,
            chosen,
            ...(label !== undefined && { right: value === label }),
          };
        }),
      },
    ],
    ...(label !== undefined && { truth: nameOf(label) }),
    looks: (together ? [both] : both.map((one) => [one])).map((seen) => ({
      ...(seen.length === 1 && { title: seen[0]?.title }),
      input: { text: sentence, spans: wordSpans(sentence), pictures: seen.map(({ picture }) => picture) },
    })),
  };
}
