import type { Question } from './questions.js';

/** Chooses questions so that no answer becomes more frequent than another, given the question. */
export interface Balance {
  /** The question whose answer is rarest so far, the first of equals; undefined where all are too frequent. */
  take(questions: readonly Question[]): Question | undefined;
}

/** How much more frequent than the mean an answer may become among all questions of its type. */
const slack = 1.1;
/** Uses more than the mean that are always allowed: at the start there is no mean to speak of. */
const start = 2;
/** What the balance within a type counts beside that of one question's wording. */
const typeWeight = 0.1;

/** Counts the answers of the questions it gives out. */
export function createBalance(): Balance {
  const uses = new Map<string, number>();
  const used = (key: string, answer: string) => uses.get(`${key}\0${answer}`) ?? 0;
  const mean = (key: string, options: readonly string[]) =>
    options.reduce((sum, option) => sum + used(key, option), 0) / options.length;
  const typeKey = ({ type, options = [] }: Question) => [type, ...options].join('\0');

  const tooFrequent = (question: Question) => {
    const key = typeKey(question);
    const { options, answer } = question;
    return options !== undefined && used(key, answer) > slack * mean(key, options) + start;
  };
  const surplus = (question: Question) => {
    const { options = [question.answer], answer, text } = question;
    const key = typeKey(question);
    if (options.length === 1) return used(key, answer);
    const ofText = used(text, answer) - mean(text, options);
    return ofText + typeWeight * (used(key, answer) - mean(key, options));
  };
  const record = ({ text, answer }: Question, key: string) => {
    for (const place of [text, key]) uses.set(`${place}\0${answer}`, used(place, answer) + 1);
  };

  return {
    take(questions) {
      let best: Question | undefined;
      let least = Number.POSITIVE_INFINITY;
      for (const question of questions) {
        const value = surplus(question);
        if (value < least && !tooFrequent(question)) [best, least] = [question, value];
      }
      if (best) record(best, typeKey(best));
      return best;
    },
  };
}
