import type { Answers } from './answers.js';
import type { Question, Reply, StepName } from './question.js';
import type { World } from './world.js';

/** One step: a question that follows from the answers so far, and what a reply makes of them. No terminal is known here. */
export interface Step {
  readonly name: StepName;
  /** Keys of the answers that are given here. */
  readonly keys: readonly (keyof Answers)[];
  /** Undefined where there is nothing to ask. Throws UsageError where earlier answers do not allow it. */
  ask(answers: Answers, world: World): Promise<Question | undefined>;
  /** The answers with the reply among them. Throws UsageError where it can't be taken; `where` is its key. */
  take(answers: Answers, reply: Reply, world: World): Promise<Answers>;
}
