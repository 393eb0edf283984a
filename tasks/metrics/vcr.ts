import { shareOf } from './ties.js';

/** What was chosen and what is right, for one question; of choices that are tied each is as likely. */
export interface VcrChoice {
  readonly answers: readonly number[];
  /** Chosen with the right answer given. */
  readonly rationales: readonly number[];
  readonly answerLabel: number;
  readonly rationaleLabel: number;
}

const mean = (list: readonly VcrChoice[], right: (one: VcrChoice) => number): number =>
  list.reduce((sum, one) => sum + right(one), 0) / Math.max(1, list.length);

const among = (chosen: readonly number[], label: number) =>
  chosen.length === 0 ? 0 : shareOf(chosen, (choice) => choice === label);

/** Chances that the answer, the reason and both are right. */
export function vcrRight({ answers, rationales, answerLabel, rationaleLabel }: VcrChoice) {
  const [answer, rationale] = [among(answers, answerLabel), among(rationales, rationaleLabel)];
  return { answer, rationale, both: answer * rationale };
}

/** Shares of right answers (Q->A), rationales (QA->R) and of questions with both right (Q->AR); Zellers et al. 2019. */
export const vcrMetrics = (choices: readonly VcrChoice[]) => ({
  answer: mean(choices, (one) => vcrRight(one).answer),
  rationale: mean(choices, (one) => vcrRight(one).rationale),
  answerRationale: mean(choices, (one) => vcrRight(one).both),
});
