import { UsageError } from '../../src/errors.js';
import { type BlindGuess, bestGuess } from '../grounding/blindGuesses.js';
import { phraseRecall, rightBoxes, rightRank } from '../metrics/flickr30kEntities.js';
import type { PhraseGroundingExample } from '../readers/flickr30kEntities.js';
import type { MetricReport } from '../task.js';
import type { PhraseGroundingState } from './options.js';

/** The examples; UsageError where boxes of some phrases are not known. */
export function labelled(examples: readonly PhraseGroundingExample[]): readonly PhraseGroundingExample[] {
  const phrases = examples.flatMap((example) => example.phrases);
  const unknown = phrases.filter(({ truth }) => truth === undefined).length;
  if (unknown === 0) return examples;
  const message = `${unknown} of ${phrases.length} phrases have no box to compare with`;
  throw new UsageError({ where: 'data', message, expected: 'phrases with their chains and boxes' });
}

type Rank = number | undefined;

/** The metrics of all phrases, and the recall at 1 of each type. */
export function report(
  examples: readonly PhraseGroundingExample[],
  ranksOf: (example: PhraseGroundingExample) => readonly Rank[],
): MetricReport {
  const byType = new Map<string, Rank[]>();
  const ranks = labelled(examples).flatMap((example) => {
    const own = ranksOf(example);
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
    values: phraseRecall(ranks),
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
      return phrases.map(({ truth = [] }) => rightRank(ranked, rightBoxes(truth, protocol)));
    });
  const guess = bestGuess((order) => guessed(order, training).values.recall1!);
  return guessed(guess, examples);
}
