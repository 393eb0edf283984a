/** What was chosen and what is right, for one question. */
export interface VcrChoice {
  readonly answer?: number;
  /** Chosen with the right answer given. */
  readonly rationale?: number;
  readonly answerLabel: number;
  readonly rationaleLabel: number;
}

const share = (list: readonly VcrChoice[], isRight: (one: VcrChoice) => boolean): number =>
  list.filter(isRight).length / Math.max(1, list.length);

const answerRight = ({ answer, answerLabel }: VcrChoice) => answer === answerLabel;
const rationaleRight = ({ rationale, rationaleLabel }: VcrChoice) => rationale === rationaleLabel;

/** Shares of right answers (Q->A), rationales (QA->R) and of questions with both right (Q->AR); Zellers et al. 2019. */
export const vcrMetrics = (choices: readonly VcrChoice[]) => ({
  answer: share(choices, answerRight),
  rationale: share(choices, rationaleRight),
  answerRationale: share(choices, (one) => answerRight(one) && rationaleRight(one)),
});
