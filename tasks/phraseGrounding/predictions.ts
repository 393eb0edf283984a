import type { GroundedPhrase, PhraseGroundingExample } from '../examples.js';
import { type rankCandidates, writtenBox } from '../grounding/ranking.js';
import { type PhraseStanding, rightBoxes, rightStanding } from '../metrics/flickr30kEntities.js';
import { readStanding, writtenStanding } from '../metrics/ties.js';
import type { Prediction } from '../task.js';
import type { PhraseGroundingState } from './options.js';

/** Candidates that a prediction names. */
const TOP = 10;

/** What is predicted of one phrase; `rank` and `tied` are those of the first right box, null where no candidate is right. */
export function phrasePrediction(
  { text, chain, types, truth }: GroundedPhrase,
  ranked: ReturnType<typeof rankCandidates>,
  { protocol }: PhraseGroundingState,
) {
  const top = ranked.slice(0, TOP).map(writtenBox);
  const boxes = ranked.map(({ box }) => box);
  const logits = ranked.map(({ logit }) => logit);
  const standing = truth && rightStanding(boxes, logits, rightBoxes(truth, protocol));
  return {
    phrase: text,
    ...(chain !== undefined && { chain }),
    ...(types.length > 0 && { types: [...types] }),
    box: top[0]?.box ?? null,
    score: top[0]?.score ?? 0,
    ...(truth && (standing ? writtenStanding(standing) : { rank: null })),
    top,
  };
}

/** What a prediction has of one phrase. */
interface PhrasePrediction {
  readonly box: readonly number[] | null;
  readonly score: number;
  readonly rank?: number | null;
  readonly tied?: { readonly right: number; readonly wrong: number };
}

/** What was predicted of a caption's phrases, in their order. */
export const phrasesOf = ({ phrases }: Prediction) => phrases as unknown as readonly PhrasePrediction[];

/** Where the first right box of each phrase stands. */
export const standingsOf = (prediction: Prediction): PhraseStanding[] =>
  phrasesOf(prediction).map(({ rank, tied }) =>
    typeof rank === 'number' ? readStanding({ rank, ...(tied && { tied }) }) : undefined,
  );

const wordsBefore = (sentence: string, start: number): number =>
  sentence.slice(0, start).split(/\s+/).filter(Boolean).length;

/** A box for each phrase, which is named as the dataset's own code names it. */
export function submissionOf(
  predictions: readonly Prediction[],
  examples: readonly PhraseGroundingExample[],
) {
  const predicted = new Map(predictions.map((one) => [one.id, phrasesOf(one)]));
  return examples.flatMap(({ id, picture, caption, sentence, phrases }) =>
    phrases.map(({ text, chain, start }, at) => ({
      image_id: picture.id,
      ...(caption !== undefined && { sentence: caption }),
      first_word_index: wordsBefore(sentence, start),
      phrase: text,
      ...(chain !== undefined && { phrase_id: chain }),
      bbox: predicted.get(id)?.[at]?.box ?? null,
    })),
  );
}
