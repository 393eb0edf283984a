import { type Problem, UsageError } from '../base/errors.js';
import { parsePath } from '../recipe/path.js';
import { problemOf, type RecipeSource } from '../recipe/source.js';
import type { Question } from './question.js';
import { type Asker, replyByDefault } from './wizard.js';

/** A problem at the place of the answers that it names: its line and column, or its flag. */
function placed(problem: Problem, source: RecipeSource): Problem {
  const { file, where, message, expected } = problem;
  const path = file === undefined && where !== undefined ? parsePath(where) : undefined;
  return path
    ? problemOf({ path, target: 'value', message, ...(expected && { expected }) }, source)
    : problem;
}

/** What nothing could be proposed for must be given. */
function missing({ step, title }: Question): Problem {
  return {
    message: `the ${title} is not given and none was found`,
    expected: `--${step}, or "${step}" in a file of answers`,
  };
}

/**
 * Takes what was given beforehand, and defaults for the rest, and asks nobody. Throws UsageError with what can't be
 * taken, at its place.
 */
export const automaticAsker = (source: RecipeSource): Asker => ({
  async ask(question, problems) {
    if (problems.length > 0) throw new UsageError(problems.map((problem) => placed(problem, source)));
    const reply = replyByDefault(question);
    if (reply) return reply;
    throw new UsageError(missing(question));
  },
});
