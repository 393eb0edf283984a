import type { PhraseGroundingExample } from '../examples.js';
import { type BlindGuess, bestGuess } from '../grounding/blindGuesses.js';
import { type PhraseStanding, phraseRecall, rightBoxes, rightRank } from '../metrics/flickr30kEntities.js';
import { atRank } from '../metrics/ties.js';
import { requireLabels } from '../requireLabels.js';
import type { MetricReport } from '../task.js';
import type { PhraseGroundingState } from './options.js';

/** The examples; UsageError where boxes of some phrases are not known. */
export function labelled(examples: readonly PhraseGroundingExample[]): readonly PhraseGroundingExample[] {
  const phrases = examples.flatMap((example) => example.phrases);
  const unknown = phrases.filter(({ truth }) => truth === undefined).length;
  requireLabels({
    unknown,
    all: phrases.length,
    noun: 'phrases',
    lacking: 'box',
    expected: 'phrases with their chains and boxes',
  });
  return examples;
}

/** The metrics of all phrases, and the recall at 1 of each type. */
export function report(
  examples: readonly PhraseGroundingExample[],
  standingsOf: (example: PhraseGroundingExample) => readonly PhraseStanding[],
): MetricReport {
  const byType = new Map<string, PhraseStanding[]>();
  const standings = labelled(examples).flatMap((example) => {
    const own = standingsOf(example);
    return example.phrases.map(({ types }, at) => {
      for (const type of types) {
        const known = byType.get(type) ?? [];
        known.push(own[at]);
        byType.set(type, known);
      }
      return own[at];
    });
  });
  const groups = [...byType].sort(([a], [b]) => a.localeCompare(b));
  return {
    values: phraseRecall(standings),
    groups: {
      type: Object.fromEntries(
        groups.map(([type, own]) => [type, { value: phraseRecall(own).recall1, count: own.length }]),
      ),
    },
  };
}

/** The best blind order of boxes on the training set: by size, by nearness to the middle, or as they are. */
export function baseline(
  training: readonly PhraseGroundingExample[],
  examples: readonly PhraseGroundingExample[],
  { protocol }: PhraseGroundingState,
): MetricReport {
  const guessed = (order: BlindGuess, list: readonly PhraseGroundingExample[]) =>
    report(list, ({ picture, phrases }) => {
      const ranked = order(picture);
      return phrases.map(({ truth = [] }) => {
        const rank = rightRank(ranked, rightBoxes(truth, protocol));
        return rank === undefined ? undefined : atRank(rank);
      });
    });
  const guess = bestGuess((order) => guessed(order, training).values.recall1!);
  return guessed(guess, examples);
}
