import type { VqaExample } from '../examples.js';
import { vqaAccuracy } from '../metrics/vqaAccuracy.js';
import { type Shown, type Tally, wordSpans } from '../shown.js';
import type { Prediction } from '../task.js';
import { tiedAccuracy } from './tiedAnswers.js';

/** Accuracy from which an answer counts as right. */
const RIGHT = 0.5;

const isRight = (answer: string, answers: readonly string[]) => vqaAccuracy(answer, answers) >= RIGHT;

/** The accuracy of one answer; right from one half on. */
export function tallyVqa(
  { answers, questionType, answerType }: VqaExample,
  prediction: Prediction,
): Tally | undefined {
  if (!answers) return undefined;
  const tied = tiedAccuracy(prediction);
  const accuracy = tied ?? vqaAccuracy(prediction.answer as string, answers);
  return {
    right: tied === undefined && accuracy >= RIGHT,
    groups: [questionType ?? answerType ?? 'untyped'],
    counts: { accuracy: [accuracy, 1] },
  };
}

/** The answer that most annotators gave, the first of several. */
export function commonAnswer({ answers = [], majorityAnswer }: VqaExample): string | undefined {
  if (majorityAnswer !== undefined) return majorityAnswer;
  const given = (answer: string) => answers.filter((other) => other === answer).length;
  return answers.reduce<string | undefined>(
    (best, answer) => (best !== undefined && given(best) >= given(answer) ? best : answer),
    undefined,
  );
}

/** A question, its picture and the answers that the model held most likely. */
export function showVqa(example: VqaExample, { answer, top }: Prediction): Shown {
  const { question, picture, answers } = example;
  const truth = commonAnswer(example);
  const candidates = top as unknown as readonly { readonly answer: string; readonly score: number }[];
  return {
    texts: [{ title: 'question', text: question }],
    pictures: [{ picture, boxes: [] }],
    choices: [
      {
        title: 'answers, each judged by itself',
        scores: 'probability',
        choices: candidates.map(({ answer: text, score }) => ({
          text,
          score,
          chosen: text === answer,
          ...(answers && { right: isRight(text, answers) }),
        })),
      },
    ],
    ...(truth !== undefined && { truth }),
    looks: [{ input: { text: question, pictures: [picture], spans: wordSpans(question) } }],
  };
}
