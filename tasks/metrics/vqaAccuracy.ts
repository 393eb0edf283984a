import { UsageError } from '../../src/base/errors.js';

/** Forms that get their apostrophe back where exactly one is missing (official evaluation, VQA v2). */
const contractedForms =
  "'ow's'at 'twas ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't " +
  "haven't he'd he'd've he's how'd how'll how's isn't it'd it'd've it'll ma'am might've mightn't mightn't've " +
  "must've mustn't needn't not've o'clock oughtn't shan't she'd've should've shouldn't shouldn't've somebody'd've " +
  "somebody'll somebody's someone'd someone'd've someone'll someone's something'd something'd've something'll " +
  "that's there'd there'd've there're there's they'd they'd've they'll they're they've wasn't we'd've we've " +
  "weren't what'll what're what's what've when's where'd where's where've who'd who'd've who'll who's who've " +
  "why'll why're why's won't would've wouldn't wouldn't've y'all y'all'd've y'all'll you'd you'd've you'll you're " +
  "you've";

/** The form once for each of its apostrophes, without that one. */
const misspellings = (form: string): string[] =>
  [...form.matchAll(/'/g)].map(({ index }) => form.slice(0, index) + form.slice(index + 1));

const contractions: ReadonlyMap<string, string> = new Map([
  ...contractedForms.split(' ').flatMap((form) => misspellings(form).map((wrong) => [wrong, form] as const)),
  ["somebody'd", 'somebodyd'], // printed this way round in the official table
]);

const numbers: ReadonlyMap<string, string> = new Map([
  ['none', '0'],
  ...'zero one two three four five six seven eight nine ten'
    .split(' ')
    .map((word, i) => [word, `${i}`] as const),
]);

const articles: ReadonlySet<string> = new Set(['a', 'an', 'the']);

const punctuation = ';/[]"{}()=+\\_-><@`,?!';

/** The official evaluation hands a flag to Python's `re.sub` where the count belongs: no more periods than this go. */
const PERIODS_REMOVED = 32;

function normalizePunctuation(text: string): string {
  const hasThousands = /\p{Nd},\p{Nd}/u.test(text);
  let result = text;
  for (const sign of punctuation) {
    const vanishes = hasThousands || text.includes(`${sign} `) || text.includes(` ${sign}`);
    result = result.replaceAll(sign, vanishes ? '' : ' ');
  }
  let removed = 0;
  return result.replace(/\.(?!\p{Nd})/gu, (period) => (removed++ < PERIODS_REMOVED ? '' : period));
}

/**
 * An answer as the official VQA evaluation compares it: punctuation, lower case, number words, articles and
 * contractions (its `processPunctuation` and `processDigitArticle`, in that order).
 */
export function normalizeAnswer(answer: string): string {
  const words = normalizePunctuation(trimAnswer(answer)).toLowerCase().split(/\s+/).filter(Boolean);
  return words
    .map((word) => numbers.get(word) ?? word)
    .filter((word) => !articles.has(word))
    .map((word) => contractions.get(word) ?? word)
    .join(' ');
}

const trimAnswer = (answer: string): string => answer.replace(/[\n\t]/g, ' ').trim();

/**
 * VQA accuracy of one prediction in [0, 1]: the mean, over the sets that leave one annotator out, of
 * min(1, equal answers / 3). As in the official evaluation nothing is normalised where all annotators agree.
 */
export function vqaAccuracy(prediction: string, answers: readonly string[]): number {
  const given = answers.map(trimAnswer);
  const comparable = new Set(given).size > 1 ? normalizeAnswer : trimAnswer;
  const predicted = comparable(prediction);
  const matches = given.map((answer) => Number(comparable(answer) === predicted));
  const total = matches.reduce((sum, match) => sum + match, 0);
  return matches.reduce((sum, own) => sum + Math.min(1, (total - own) / 3), 0) / matches.length;
}

/**
 * The training target of an answer that n of ten annotators gave: min(1, 0.3 n). It is the accuracy that predicting
 * this answer would score: 0.3, 0.6, 0.9, then 1, by the mean over the ten leave-one-out sets.
 */
export const softTarget = (annotators: number): number => Math.min(1, (3 * annotators) / 10);

/** A question with its annotators' answers. */
export interface VqaAnnotation {
  readonly id: string;
  /** Ten in VQA v2. */
  readonly answers: readonly string[];
  /** `yes/no`, `number` or `other` in VQA v2. */
  readonly answerType: string;
  /** The first words of the question, for example `how many`. */
  readonly questionType: string;
}

/** A mean in [0, 1] and over how many it was taken. */
interface CountedMean {
  readonly value: number;
  readonly count: number;
}

export interface VqaReport {
  readonly overall: CountedMean;
  readonly byAnswerType: Readonly<Record<string, CountedMean>>;
  readonly byQuestionType: Readonly<Record<string, CountedMean>>;
}

interface Scored {
  readonly annotation: VqaAnnotation;
  readonly accuracy: number;
}

const meanOf = (scores: readonly Scored[]): CountedMean => ({
  value: scores.reduce((sum, { accuracy }) => sum + accuracy, 0) / scores.length,
  count: scores.length,
});

/** Groups in the order of their names, so that a report doesn't depend on the order of the questions. */
function meansBy(scores: readonly Scored[], key: 'answerType' | 'questionType'): Record<string, CountedMean> {
  const names = [...new Set(scores.map(({ annotation }) => annotation[key]))].sort();
  const members = (name: string) => scores.filter(({ annotation }) => annotation[key] === name);
  return Object.fromEntries(names.map((name) => [name, meanOf(members(name))]));
}

/**
 * VQA accuracy over all questions and for each type, from answers by question id. Throws `UsageError` where there is
 * no question, or one without prediction, as the official evaluation refuses them.
 * @param tied accuracy of questions whose answer is one of several that are tied: the mean of theirs
 */
export function evaluateVqa(
  predictions: ReadonlyMap<string, string>,
  annotations: readonly VqaAnnotation[],
  tied: ReadonlyMap<string, number> = new Map(),
): VqaReport {
  if (annotations.length === 0) throw new UsageError('VQA accuracy needs at least one question');
  const missing = annotations.filter(({ id }) => !predictions.has(id));
  if (missing.length > 0) {
    throw new UsageError(missing.map(({ id }) => ({ where: `question ${id}`, message: 'no prediction' })));
  }
  const scores = annotations.map((annotation) => ({
    annotation,
    accuracy:
      tied.get(annotation.id) ?? vqaAccuracy(predictions.get(annotation.id) as string, annotation.answers),
  }));
  return {
    overall: meanOf(scores),
    byAnswerType: meansBy(scores, 'answerType'),
    byQuestionType: meansBy(scores, 'questionType'),
  };
}
