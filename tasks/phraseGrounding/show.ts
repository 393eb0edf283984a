import { cornersOf } from '../grounding/ranking.js';
import { chosenBoxes } from '../grounding/show.js';
import { phraseRecall, rightBoxes } from '../metrics/flickr30kEntities.js';
import type { PhraseGroundingExample } from '../readers/flickr30kEntities.js';
import type { Shown, ShownPicture, Tally } from '../shown.js';
import type { Prediction, ShowContext } from '../task.js';
import type { PhraseGroundingOptions } from './options.js';
import { phrasesOf } from './predictions.js';

/** Recall of the phrases of one caption; right where all of them are found at once. */
export function tallyPhrases({ phrases }: PhraseGroundingExample, prediction: Prediction): Tally | undefined {
  if (phrases.some(({ truth }) => truth === undefined)) return undefined;
  const ranks = phrasesOf(prediction).map(({ rank }) => rank ?? undefined);
  const count = phrases.length;
  const counts = Object.entries(phraseRecall(ranks)).map(([name, share]) => [
    name,
    [Math.round(share * count), count] as const,
  ]);
  return {
    right: ranks.every((rank) => rank === 0),
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
  const predicted = phrasesOf(prediction);
  const pictures = phrases.map(({ text, truth }, at): ShownPicture => {
    const { box, score = 0, rank } = predicted[at] ?? {};
    const chosen = { box: box ? cornersOf(box) : undefined, score };
    return {
      picture,
      title: text,
      boxes: chosenBoxes(chosen, truth ? rightBoxes(truth, protocol) : []),
      ...(truth && { right: rank === 0 }),
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
