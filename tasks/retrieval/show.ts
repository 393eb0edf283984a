import type { RetrievalExample } from '../examples.js';
import { CUTOFFS, recallSum } from '../metrics/retrieval.js';
import { expectedRank, isFirst, type Standing } from '../metrics/ties.js';
import {
  type CombinedMetric,
  type Pooled,
  type Shown,
  type ShownChoices,
  type Tally,
  wordSpans,
} from '../shown.js';
import type { Prediction, ShowContext } from '../task.js';
import { hasMatching, type RetrievalOptions } from './options.js';
import { captionsOf, foundTexts, pictureStandings, textStanding } from './predictions.js';

/** Texts and pictures that are shown of those that were found. */
const SHOWN = 5;

const found = (standings: readonly Standing[], cutoff: number): [number, number] => [
  recallSum(standings, cutoff),
  standings.length,
];

const matchingScores = (prediction: Prediction): Pooled => ({
  statistic: 'rocAuc',
  values: foundTexts(prediction).map(({ score }) => score),
  right: foundTexts(prediction).map(({ right }) => right),
});

/** Recall and ranks in both directions; right where a caption of the picture's own was found first. */
export function tallyRetrieval(
  _example: RetrievalExample,
  prediction: Prediction,
  options: RetrievalOptions,
): Tally {
  const [own, pictures] = [textStanding(prediction), pictureStandings(prediction)];
  const recalls = CUTOFFS.flatMap((k) => [
    [`textRecall${k}`, found([own], k)] as const,
    [`pictureRecall${k}`, found(pictures, k)] as const,
  ]);
  const ranksFrom1 = (standings: readonly Standing[]): Pooled => ({
    statistic: 'median',
    values: standings.map((one) => expectedRank(one) + 1),
  });
  return {
    right: isFirst(own),
    groups: [],
    counts: Object.fromEntries(recalls),
    pooled: {
      medianTextRank: ranksFrom1([own]),
      medianPictureRank: ranksFrom1(pictures),
      ...(hasMatching(options) && { matchingAuc: matchingScores(prediction) }),
    },
  };
}

/** R@M and the sum of the recalls in percent. */
export function combinedRecalls(): Readonly<Record<string, CombinedMetric>> {
  const of = ['text', 'picture'].flatMap((side) => CUTOFFS.map((k) => `${side}Recall${k}`));
  return { recallMean: { of, factor: 1 / of.length }, rSum: { of, factor: 100 } };
}

type Context = ShowContext<RetrievalOptions, RetrievalExample>;

function textsFound(
  prediction: Prediction,
  { examples }: Context,
  scores: ShownChoices['scores'],
): ShownChoices {
  const textOf = new Map(examples.flatMap(({ captions }) => captions.map(({ id, text }) => [id, text])));
  return {
    title: 'captions found for the picture',
    scores,
    choices: foundTexts(prediction)
      .slice(0, SHOWN)
      .map(({ id, score, right }, at) => ({ text: textOf.get(id) ?? id, score, chosen: at === 0, right })),
  };
}

function picturesFound(
  { text, top }: ReturnType<typeof captionsOf>[number],
  { examples }: Context,
  scores: ShownChoices['scores'],
): ShownChoices {
  const pictureOf = new Map(examples.map(({ id, picture }) => [id, picture]));
  return {
    title: `pictures found for “${text}”`,
    scores,
    choices: top.slice(0, SHOWN).map(({ id, score, right }, at) => {
      const picture = pictureOf.get(id);
      return { text: id, ...(picture && { picture }), score, chosen: at === 0, right };
    }),
  };
}

/** A picture with the captions that were found for it, and the pictures that were found for its first caption. */
export function showRetrieval(
  { picture, captions }: RetrievalExample,
  prediction: Prediction,
  context: Context,
): Shown {
  const matching = hasMatching(context.options);
  const scores = matching ? 'probability' : 'similarity';
  const [first] = captionsOf(prediction);
  const [{ text } = { text: '' }] = captions;
  return {
    texts: captions.map((caption, at) => ({ title: `own caption ${at + 1}`, text: caption.text })),
    pictures: [{ picture, boxes: [] }],
    choices: [
      textsFound(prediction, context, scores),
      ...(first ? [picturesFound(first, context, scores)] : []),
    ],
    looks: [
      {
        input: { text, pictures: [picture], spans: wordSpans(text) },
        ...(!matching && { attention: 'separate' as const }),
      },
    ],
  };
}
