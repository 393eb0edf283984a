import type { Prediction } from '../../tasks/task.js';
import type { Json } from '../base/json.js';
import { largest } from '../base/lists.js';
import { visible } from '../base/visible.js';

/** One of the answers that were possible. */
interface Answer {
  readonly label: string;
  /** A probability in [0, 1]. */
  readonly score: number;
}

const BAR = 24;
const LONGEST_LABEL = 40;
/** Answers that are shown of a longer list. */
const MOST = 5;

const short = (text: string): string =>
  visible(text.length > LONGEST_LABEL ? `${text.slice(0, LONGEST_LABEL - 1)}…` : text);

const figure = (value: number): string => String(Math.round(value * 10) / 10);

function labelOf(value: Json): string {
  if (typeof value === 'string') return short(value);
  const numbers = Array.isArray(value) && value.every((one) => typeof one === 'number');
  return numbers ? `[${(value as number[]).map(figure).join(', ')}]` : short(JSON.stringify(value));
}

type Entry = Readonly<Record<string, Json>>;

const isEntry = (value: Json | undefined): value is Entry =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What an answer is called: its first key that is no figure about it. */
function answerOf({ score, ...rest }: Entry): Answer[] {
  const [label] = Object.entries(rest).filter(
    ([key]) => !['id', 'task', 'top', 'picture', 'ref'].includes(key),
  );
  return typeof score === 'number' && label ? [{ label: labelOf(label[1]), score }] : [];
}

const isNumbers = (value: Json | undefined): value is readonly number[] =>
  Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === 'number');

/** Answers of one prediction, or of a part of it. */
function answersIn(part: Entry, choices: readonly string[]): Answer[] {
  const { top } = part;
  if (Array.isArray(top)) return top.filter(isEntry).flatMap(answerOf).slice(0, MOST);
  const scores = Object.entries(part).find(([key, value]) => /Scores$/.test(key) && isNumbers(value))?.[1];
  if (isNumbers(scores)) {
    const all = scores.map((score, at) => ({ label: short(choices[at] ?? String(at)), score }));
    return all.sort((a, b) => b.score - a.score);
  }
  return answerOf(part);
}

function drawAnswers(answers: readonly Answer[]): string[] {
  const width = largest(answers.map(({ label }) => label.length));
  return answers.map(({ label, score }) => {
    const full = Math.round(BAR * Math.min(1, Math.max(0, score)));
    const bar = '█'.repeat(full) + '░'.repeat(BAR - full);
    return `  ${label.padEnd(width)}  ${bar}  ${(100 * score).toFixed(1).padStart(5)} %`;
  });
}

/** A prediction as a person reads it: the best answers, each with its probability as a bar. */
export function answerText(prediction: Prediction, choices: readonly string[] = []): string {
  const { phrases } = prediction;
  if (Array.isArray(phrases)) {
    return (phrases as readonly Entry[])
      .flatMap((phrase) => [visible(String(phrase.phrase)), ...drawAnswers(answersIn(phrase, choices))])
      .join('\n');
  }
  const answers = answersIn(prediction, choices);
  return answers.length > 0 ? drawAnswers(answers).join('\n') : JSON.stringify(prediction);
}
