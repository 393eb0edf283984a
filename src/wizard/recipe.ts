import { isDeepStrictEqual } from 'node:util';
import { schemaOfSplit } from '../../tasks/readers/reader.js';
import { InterruptedError, UsageError } from '../base/errors.js';
import type { Json, JsonSchema } from '../base/json.js';
import type { WrittenRecipe } from '../recipe/recipe.js';
import { trainingSchema } from '../recipe/trainingSchema.js';
import { resolveRecipe } from '../recipe/validate.js';
import type { RunSettings } from '../training/settings.js';
import type { Answers } from './answers.js';
import { chosenAdapters, chosenTask } from './chosen.js';
import { type Budget, chosenBudget, DEFAULT_EPOCHS } from './chosenBudget.js';
import { chosenFiles } from './chosenFiles.js';
import { chosenNames } from './chosenNames.js';
import { chosenRegions, kindNamed } from './chosenRegions.js';
import type { World } from './world.js';

type Options = Readonly<Record<string, Json>>;

const properties = (schema: JsonSchema | undefined): Readonly<Record<string, JsonSchema>> =>
  (schema?.properties ?? {}) as Record<string, JsonSchema>;

/** Options without those that are their schema's defaults. */
const withoutDefaults = (options: Options, schema: JsonSchema | undefined): Options =>
  Object.fromEntries(
    Object.entries(options).filter(
      ([key, value]) => !isDeepStrictEqual(value, properties(schema)[key]?.default),
    ),
  );

function trainingOf(
  { epochs, batchSize, learningRate }: Budget,
  maxSteps: number | undefined,
  { modules }: World,
) {
  const adamw = modules.optimizers.find(({ kind }) => kind === 'adamw')?.schema;
  const rate = withoutDefaults({ learningRate }, adamw);
  const length =
    maxSteps === undefined ? epochs !== DEFAULT_EPOCHS && { epochs: epochs as number } : { maxSteps };
  return {
    ...length,
    ...withoutDefaults({ batchSize }, trainingSchema),
    ...(Object.keys(rate).length > 0 && { optimizer: { kind: 'adamw' as const, ...rate } }),
  };
}

function adaptersOf(answers: Answers, world: World) {
  return chosenAdapters(answers, world).map(({ kind, schema }) => ({
    kind,
    ...withoutDefaults(answers.options?.[kind] ?? {}, schema),
  }));
}

async function regionsOf(answers: Answers, world: World): Promise<Options | undefined> {
  const regions = await chosenRegions(answers, world);
  if (!regions) return undefined;
  const { kind = '', ...options } = regions;
  return { kind, ...withoutDefaults(options, kindNamed(kind, world)?.schema) };
}

/** The files of each split, without options that are their reader's defaults. */
function splitsOf(answers: Answers, world: World) {
  const task = chosenTask(answers, world);
  const { train = {}, ...others } = chosenFiles(answers, world);
  const written = (split: Options) => withoutDefaults(split, schemaOfSplit(task, split));
  const rest = Object.entries(others).map(([name, split]) => [name, written(split)]);
  return { train: written(train), ...(Object.fromEntries(rest) as Record<string, Options>) };
}

/** Steps of training that so many minutes have room for, by a measured step; at least 1. Throws UsageError where it can't be measured. */
export async function stepsIn(minutes: number, answers: Answers, world: World): Promise<number> {
  const { minutes: _minutes, ...budget } = answers.budget ?? {};
  const settings = await settingsOf({ ...answers, budget }, world);
  try {
    const { seconds } = await world.plan(settings);
    return Math.max(1, Math.floor((60 * minutes) / seconds.step));
  } catch (error) {
    if (error instanceof InterruptedError || !(error instanceof Error)) throw error;
    const message = `minutes can't be turned into steps: ${error.message.split('\n', 1)[0]}`;
    throw new UsageError({ where: 'budget.minutes', message, expected: 'epochs, or steps' });
  }
}

/** The recipe that the answers ask for: what differs from the defaults, and no more. */
export async function recipeOf(answers: Answers, world: World): Promise<WrittenRecipe> {
  const { name, output } = chosenNames(answers, world);
  const budget = chosenBudget(answers, world);
  const maxSteps =
    budget.minutes === undefined ? budget.steps : await stepsIn(budget.minutes, answers, world);
  const regions = await regionsOf(answers, world);
  const adapters = adaptersOf(answers, world);
  const training = trainingOf(budget, maxSteps, world);
  return {
    name,
    ...(budget.seed !== 1 && { seed: budget.seed }),
    backbone: { from: answers.backbone as string },
    ...(adapters.length > 0 && { adapters }),
    task: { kind: answers.task as string },
    data: { ...splitsOf(answers, world), ...(regions && { regions }) },
    ...(Object.keys(training).length > 0 && { training }),
    ...(output !== `runs/${name}` && { output }),
  };
}

/** The same, checked and complete. Throws UsageError with everything that is wrong with it. */
export const settingsOf = async (answers: Answers, world: World): Promise<RunSettings> =>
  resolveRecipe(await recipeOf(answers, world), { modules: world.modules });
