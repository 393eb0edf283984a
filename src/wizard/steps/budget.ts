import { type Problem, UsageError } from '../../base/errors.js';
import { grouped } from '../../base/figures.js';
import type { Json, JsonSchema } from '../../base/json.js';
import type { Answers } from '../answers.js';
import { type Budget, budgetSchemas, chosenBudget, LENGTHS } from '../chosenBudget.js';
import { trainingExamples } from '../chosenFiles.js';
import type { Field } from '../question.js';
import { stepsIn } from '../recipe.js';
import { problemWith } from '../schemaValues.js';
import type { Step } from '../step.js';
import type { World } from '../world.js';

type Key = keyof typeof budgetSchemas;

const LABELS: Readonly<Record<Key, string>> = {
  epochs: 'epochs',
  minutes: 'or minutes',
  steps: 'or steps',
  batchSize: 'batch size',
  learningRate: 'learning rate',
  seed: 'seed',
};

function fieldOf(key: Key, budget: Budget): Field {
  const schema: JsonSchema = budgetSchemas[key];
  return {
    key,
    label: LABELS[key],
    value: budget[key],
    description: String(schema.description),
    schema,
    optional: LENGTHS.some((length) => length === key),
  };
}

/** The answers with one value changed; a length takes the place of another. */
function withValue(answers: Answers, key: string, value: Json): Answers {
  const isLength = LENGTHS.some((length) => length === key);
  const { budget = {} } = answers;
  const kept = Object.entries(budget).filter(
    ([name]) => !isLength || !LENGTHS.some((length) => length === name),
  );
  const changed = value === null ? [] : [[key, value] as const];
  return { ...answers, budget: Object.fromEntries([...kept.filter(([name]) => name !== key), ...changed]) };
}

function problemsOf({ budget = {} }: Answers): Problem[] {
  const wrong = Object.entries(budget).flatMap(([key, value]) => {
    const message =
      key in budgetSchemas ? problemWith(budgetSchemas[key as Key], value) : 'there is no such value';
    return message === undefined ? [] : [{ where: `budget.${key}`, message }];
  });
  const lengths = LENGTHS.filter((key) => key in budget);
  if (lengths.length < 2) return wrong;
  const message = `${lengths.join(' and ')} are given`;
  return [...wrong, { where: `budget.${lengths[1]}`, message, expected: 'one of them' }];
}

async function minutesTold(minutes: number, answers: Answers, world: World): Promise<string> {
  try {
    return `${minutes} minutes: about ${grouped(await stepsIn(minutes, answers, world))} steps`;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.message;
  }
}

async function factsOf(answers: Answers, world: World): Promise<string[]> {
  const { batchSize, minutes } = chosenBudget(answers, world);
  const examples = await trainingExamples(answers, world);
  if (examples === undefined) return [];
  const epoch = Math.ceil(examples / batchSize);
  const told = `one epoch: ${grouped(epoch)} steps of ${batchSize} examples`;
  if (minutes === undefined) return [told];
  return [told, await minutesTold(minutes, answers, world)];
}

const summaryOf = (budget: Budget): string => {
  const length = LENGTHS.find((key) => budget[key] !== undefined) ?? 'epochs';
  return `${budget[length]} ${length}, batch size ${budget.batchSize}, learning rate ${budget.learningRate}`;
};

/** How long, in what batches, how fast, from which seed. */
export const budgetStep: Step = {
  name: 'budget',
  keys: ['budget'],
  async ask(answers, world) {
    const budget = chosenBudget(answers, world);
    return {
      kind: 'form',
      step: 'budget',
      title: 'budget',
      summary: summaryOf(budget),
      facts: await factsOf(answers, world),
      fields: (Object.keys(budgetSchemas) as Key[]).map((key) => fieldOf(key, budget)),
    };
  },
  async take(answers, reply, world) {
    if (reply.kind === 'change') {
      const changed = withValue(answers, reply.key, reply.value);
      const { minutes } = chosenBudget(changed, world);
      if (minutes !== undefined) await stepsIn(minutes, changed, world);
      return changed;
    }
    if (reply.kind !== 'accept') return answers;
    const problems = problemsOf(answers);
    if (problems.length > 0) throw new UsageError(problems);
    const { minutes } = chosenBudget(answers, world);
    if (minutes !== undefined) await stepsIn(minutes, answers, world);
    return answers;
  },
};
