import type { PhraseGroundingExample } from '../examples.js';
import { cornersOf } from '../grounding/ranking.js';
import { chosenBoxes } from '../grounding/show.js';
import { phraseRecallSums, rightBoxes } from '../metrics/flickr30kEntities.js';
import { isFirst } from '../metrics/ties.js';
import type { Shown, ShownPicture, Tally } from '../shown.js';
import type { Prediction, ShowContext } from '../task.js';
import type { PhraseGroundingOptions } from './options.js';
import { phrasesOf, standingsOf } from './predictions.js';

/** Recall of the phrases of one caption; right where all of them are found at once. */
export function tallyPhrases({ phrases }: PhraseGroundingExample, prediction: Prediction): Tally | undefined {
  if (phrases.some(({ truth }) => truth === undefined)) return undefined;
  const standings = standingsOf(prediction);
  const counts = Object.entries(phraseRecallSums(standings)).map(([name, sum]) => [
    name,
    [sum, phrases.length] as const,
  ]);
  return {
    right: standings.every((standing) => standing && isFirst(standing)),
    groups: [...new Set(phrases.flatMap(({ types }) => types))],
    counts: Object.fromEntries(counts),
  };
}

/** A caption, and for each of its phrases the picture with the chosen box and the right ones. */
export function showPhrases(
  { sentence, picture, phrases }: PhraseGroundingExample,
  prediction: Prediction,
  { options: { protocol } }: ShowContext<PhraseGroundingOptions, PhraseGroundingExample>,
): Shown {
  const [predicted, standings] = [phrasesOf(prediction), standingsOf(prediction)];
  const pictures = phrases.map(({ text, truth }, at): ShownPicture => {
    const { box, score = 0 } = predicted[at] ?? {};
    const standing = standings[at];
    const chosen = { box: box ? cornersOf(box) : undefined, score };
    return {
      picture,
      title: text,
      boxes: chosenBoxes(chosen, truth ? rightBoxes(truth, protocol) : []),
      ...(truth && { right: standing !== undefined && isFirst(standing) }),
    };
  });
  return {
    texts: [{ title: 'caption', text: sentence }],
    pictures,
    choices: [],
    looks: [
      {
        whole: false,
        input: {
          text: sentence,
          pictures: [picture],
          spans: phrases.map(({ start, end }) => ({ start, end })),
        },
      },
    ],
  };
}
