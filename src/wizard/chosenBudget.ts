import type { JsonSchema } from '../base/json.js';
import { smallest } from '../base/lists.js';
import { trainingSchema } from '../recipe/trainingSchema.js';
import type { Answers } from './answers.js';
import { chosenAdapters } from './chosen.js';
import type { World } from './world.js';

/** How long a run trains, exactly one of them. */
export const LENGTHS = ['epochs', 'minutes', 'steps'] as const;

/** That of recipes which say nothing of their length. */
export const DEFAULT_EPOCHS = 5;

/** A head alone starts from nothing. */
const HEAD_RATE = 1e-3;

const training = trainingSchema.properties as Readonly<Record<string, JsonSchema>>;

/** The schemas of what is asked of the budget. */
export const budgetSchemas = {
  epochs: { ...training.epochs, description: 'Passes over the training set, parts of one too.' },
  minutes: {
    type: 'number',
    exclusiveMinimum: 0,
    description: 'Of training, instead of epochs; measured on this machine and written as steps.',
  },
  steps: { ...training.maxSteps, description: 'Updates, instead of epochs.' },
  batchSize: training.batchSize as JsonSchema,
  learningRate: {
    type: 'number',
    exclusiveMinimum: 0,
    description: 'Largest learning rate of AdamW; the default is what suits the adapters.',
  },
  seed: { type: 'integer', minimum: 0, maximum: 0xffffffff, description: 'Same seed and data, same result.' },
} satisfies Readonly<Record<string, JsonSchema>>;

/** What the answers say of the budget, with defaults; one of the lengths is there. */
export interface Budget {
  readonly epochs?: number;
  readonly minutes?: number;
  readonly steps?: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
}

/** The lowest rate of those that suit the adapters. */
function suitableRate(answers: Answers, world: World): number {
  const rates = chosenAdapters(answers, world).map(({ learningRate }) => learningRate);
  return smallest(rates.length > 0 ? rates.map((rate) => rate ?? 1e-4) : [HEAD_RATE], HEAD_RATE * 10);
}

/** Length, batch size, learning rate and seed. */
export function chosenBudget(answers: Answers, world: World): Budget {
  const { batchSize, learningRate, seed, ...given } = answers.budget ?? {};
  const length = LENGTHS.some((key) => typeof given[key] === 'number') ? given : { epochs: DEFAULT_EPOCHS };
  return {
    ...(length as Pick<Budget, 'epochs' | 'minutes' | 'steps'>),
    batchSize: (batchSize ?? training.batchSize?.default) as number,
    learningRate: (learningRate ?? suitableRate(answers, world)) as number,
    seed: (seed ?? 1) as number,
  };
}
