import type { PixelBox } from '../../src/data/boxes.js';
import type { VcrExample } from '../examples.js';
import { largestPlaces } from '../metrics/ties.js';
import { type VcrChoice, vcrRight } from '../metrics/vcr.js';
import { type Shown, type ShownBox, type ShownChoices, type Tally, wordSpans } from '../shown.js';
import type { Prediction } from '../task.js';
import type { TaggedText } from './taggedText.js';

type Subtask = 'answer' | 'rationale' | 'both';

/** The labels of an example; -1 where they are not known. */
export const labelsIn = ({ answerLabel = -1, rationaleLabel = -1 }: VcrExample) => ({
  answerLabel,
  rationaleLabel,
});

/** What a prediction chose: of scores that are tied all. */
export function choiceOf(example: VcrExample, prediction: Prediction): VcrChoice {
  const chosen = (scores: readonly number[] | undefined, choice: unknown) =>
    scores ? largestPlaces(scores) : choice === undefined ? [] : [choice as number];
  return {
    ...labelsIn(example),
    answers: chosen(prediction.answerScores as readonly number[] | undefined, prediction.answer),
    rationales: chosen(reasonScores(prediction, example), prediction.rationale),
  };
}

/** Whether answer and reason are right. */
export function tallyVcr(
  example: VcrExample,
  prediction: Prediction,
  { subtask }: { readonly subtask: Subtask },
): Tally | undefined {
  const { answerLabel, rationaleLabel } = example;
  const isKnown = answerLabel !== undefined && (subtask === 'answer' || rationaleLabel !== undefined);
  if (!isKnown) return undefined;
  const rights = vcrRight(choiceOf(example, prediction));
  const right = rights[subtask];
  const one = (chance: number): [number, number] => [chance, 1];
  return {
    right: right === 1,
    groups: [],
    counts: {
      accuracy: one(right),
      ...(subtask === 'both' && { answer: one(rights.answer), rationale: one(rights.rationale) }),
    },
  };
}

/** Which of the four answers is right. */
export const answerOf = ({ answerLabel }: VcrExample): string | undefined =>
  answerLabel === undefined ? undefined : `answer ${answerLabel + 1}`;

function choicesOf(
  title: string,
  texts: readonly TaggedText[],
  {
    scores,
    chosen,
    label,
  }: { scores: readonly number[] | undefined; chosen: unknown; label: number | undefined },
): ShownChoices[] {
  if (!scores) return [];
  const choices = texts.map(({ text }, at) => ({
    text,
    ...(scores[at] !== undefined && { score: scores[at] }),
    chosen: at === chosen,
    ...(label !== undefined && { right: at === label }),
  }));
  return [{ title, scores: 'probability', choices }];
}

/** The boxes that question and choices name. */
function namedBoxes({ picture, question, answers, rationales = [] }: VcrExample): ShownBox[] {
  const named = new Map<number, string>();
  for (const { text, spans } of [question, ...answers, ...rationales])
    for (const { start, end, box } of spans) named.set(box, text.slice(start, end));
  return [...named].flatMap(([at, label]): ShownBox[] => {
    const box = picture.boxes?.[at] as PixelBox | undefined;
    return box ? [{ box, label, role: 'given' }] : [];
  });
}

/** The reasons' scores with the right answer given. */
function reasonScores(
  { rationaleScores }: Prediction,
  { answerLabel }: VcrExample,
): readonly number[] | undefined {
  const sets = rationaleScores as unknown as readonly (readonly number[])[] | undefined;
  return sets?.length === 1 ? sets[0] : sets?.[answerLabel ?? -1];
}

/** A question, its picture with the boxes that are named, four answers and four reasons. */
export function showVcr(example: VcrExample, prediction: Prediction): Shown {
  const { question, picture, answers, rationales = [], answerLabel, rationaleLabel } = example;
  const answer = prediction.answer as number | undefined;
  const read = answers[answer ?? answerLabel ?? 0];
  return {
    texts: [{ title: 'question', text: question.text }],
    pictures: [{ picture, boxes: namedBoxes(example) }],
    choices: [
      ...choicesOf('answers', answers, {
        scores: prediction.answerScores as readonly number[] | undefined,
        chosen: answer,
        label: answerLabel,
      }),
      ...choicesOf('reasons for the right answer', rationales, {
        scores: reasonScores(prediction, example),
        chosen: prediction.rationale,
        label: rationaleLabel,
      }),
    ],
    looks: [
      {
        input: {
          text: question.text,
          textPair: read?.text ?? '',
          pictures: [picture],
          spans: [
            ...question.spans.map((span) => ({ ...span, of: 'text' as const })),
            ...wordSpans(question.text),
            ...(read?.spans ?? []).map((span) => ({ ...span, of: 'textPair' as const })),
            ...wordSpans(read?.text ?? '', 'textPair'),
          ],
        },
      },
    ],
  };
}
