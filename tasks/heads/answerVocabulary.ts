import { UsageError } from '../../src/base/errors.js';
import type { VqaExample } from '../examples.js';
import { normalizeAnswer } from '../metrics/vqaAccuracy.js';

export interface VocabularyOptions {
  readonly minimumAnswerCount: number;
  readonly maximumAnswers: number;
}

const increment = (counts: Map<string, number>, key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);

const byCountThenName = ([a, n]: [string, number], [b, m]: [string, number]) => m - n || (a < b ? -1 : 1);

/** Keys by how often they were counted, ties by name. */
const ranked = (counts: ReadonlyMap<string, number>) => [...counts].sort(byCountThenName);

/** Lists that were counted: the same ones are asked for in every epoch. */
const counted = new WeakMap<readonly string[], ReadonlyMap<string, number>>();

/** Normalised answers of a question with the annotators that gave each; empty answers left out. */
export function countAnswers(answers: readonly string[]): ReadonlyMap<string, number> {
  const known = counted.get(answers);
  if (known) return known;
  const counts = new Map<string, number>();
  for (const answer of answers.map(normalizeAnswer)) if (answer !== '') increment(counts, answer);
  counted.set(answers, counts);
  return counts;
}

/** The normalised answer given most often: the file's own choice where it has one, else the first by name. */
function majorityAnswer({ majorityAnswer: chosen, answers = [] }: VqaExample): string | undefined {
  const normalized = chosen === undefined ? '' : normalizeAnswer(chosen);
  return normalized === '' ? ranked(countAnswers(answers))[0]?.[0] : normalized;
}

/** Majority answers of questions, most frequent first, ties by name. */
export function rankMajorityAnswers(examples: readonly VqaExample[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const example of examples) {
    const answer = majorityAnswer(example);
    if (answer !== undefined) increment(counts, answer);
  }
  return ranked(counts);
}

/**
 * The answers that a classifier chooses from: majority answers of at least `minimumAnswerCount` training questions,
 * most frequent first (Teney et al. 2017, arXiv 1708.02711, section 4.2). Throws UsageError where none is left.
 */
export function answerVocabulary(training: readonly VqaExample[], options: VocabularyOptions): string[] {
  const frequent = rankMajorityAnswers(training).filter(([, count]) => count >= options.minimumAnswerCount);
  if (frequent.length === 0) {
    const message = `no answer is the majority's in ${options.minimumAnswerCount} training questions`;
    throw new UsageError({
      message,
      expected: 'annotations for the training split, or a lower minimumAnswerCount',
    });
  }
  return frequent.slice(0, options.maximumAnswers).map(([answer]) => answer);
}
