import type { Json } from '../../src/base/json.js';
import { largestPlaces } from '../metrics/ties.js';
import { normalizeAnswer, vqaAccuracy } from '../metrics/vqaAccuracy.js';
import type { Prediction } from '../task.js';

/** Answers that are tied for the first place. */
interface TiedAnswers {
  readonly answers: number;
  /** Mean of their accuracies; absent where the right answers are not known. */
  readonly accuracy?: number;
}

/** Normalised forms of a vocabulary's answers: they are asked for again for each question. */
const normalized = new WeakMap<readonly string[], ReadonlyMap<string, readonly string[]>>();

/** A vocabulary's answers by their normalised forms. */
function byForm(vocabulary: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const known = normalized.get(vocabulary);
  if (known) return known;
  const forms = new Map<string, string[]>();
  for (const answer of vocabulary) {
    const form = normalizeAnswer(answer);
    forms.set(form, [...(forms.get(form) ?? []), answer]);
  }
  normalized.set(vocabulary, forms);
  return forms;
}

/** Mean accuracy of the tied answers; those that no annotator gave in any form have none. */
function meanAccuracy(
  tied: readonly string[],
  vocabulary: readonly string[],
  given: readonly string[],
): number {
  const forms = byForm(vocabulary);
  const near = new Set(given.map(normalizeAnswer));
  const all = new Set(tied);
  const candidates = [...near].flatMap((form) => forms.get(form) ?? []).filter((answer) => all.has(answer));
  return candidates.reduce((sum, answer) => sum + vqaAccuracy(answer, given), 0) / tied.length;
}

/** What a prediction says of answers that are tied for the first place; empty where one is first. */
export function writtenTies(
  logits: ArrayLike<number>,
  vocabulary: readonly string[],
  given: readonly string[] | undefined,
): { readonly tied?: { readonly [key: string]: Json } } {
  const places = largestPlaces(logits);
  if (places.length < 2) return {};
  const tied = places.map((at) => vocabulary[at]!);
  const accuracy = given && meanAccuracy(tied, vocabulary, given);
  return { tied: { answers: tied.length, ...(accuracy !== undefined && { accuracy }) } };
}

/** The accuracy of a prediction whose answer is one of several that are tied; undefined where it is not. */
export const tiedAccuracy = ({ tied }: Prediction): number | undefined =>
  (tied as unknown as TiedAnswers | undefined)?.accuracy;
