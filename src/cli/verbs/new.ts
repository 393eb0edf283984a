import { existsSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Override } from '../../recipe/override.js';
import type { Answers } from '../../wizard/answers.js';
import type { Asker } from '../../wizard/wizard.js';
import type { Services, World } from '../../wizard/world.js';
import type { Follow } from '../longWork.js';
import { requireWritableFile } from '../outputFile.js';
import { quote } from '../quote.js';
import type { Shell } from '../shell.js';
import { type AddVerb, action, examples } from '../verb.js';
import { makeData } from './data.js';
import { run } from './run.js';

interface Options {
  readonly backbone?: string;
  readonly task?: string;
  readonly data?: string;
  readonly adapters?: string;
  readonly epochs?: string;
  readonly minutes?: string;
  readonly steps?: string;
  readonly batchSize?: string;
  readonly learningRate?: string;
  readonly seed?: string;
  readonly name?: string;
  readonly output?: string;
  readonly file?: string;
  readonly overwrite?: boolean;
  readonly run?: boolean;
  readonly answers?: string;
  readonly saveAnswers?: string;
}

const TEXTS = ['backbone', 'task', 'data', 'name', 'output', 'file'] as const;

/** Flags of the budget, and their options here. */
const NUMBERS = {
  epochs: '--epochs',
  minutes: '--minutes',
  steps: '--steps',
  batchSize: '--batch-size',
  learningRate: '--learning-rate',
  seed: '--seed',
} as const;

const kindsOf = (list: string): string[] =>
  list === 'none' ? [] : list.split(',').map((kind) => kind.trim());

/** A number where it is one; else the text, which the schema of answers refuses at its flag. */
const numberOf = (text: string): unknown =>
  text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);

/** What the flags say, each with its place among the answers. */
function flagsOf(options: Options): Override[] {
  const texts = TEXTS.flatMap((key): Override[] => {
    const value = options[key];
    return value === undefined ? [] : [{ path: [key], value, flag: `--${key} ${value}` }];
  });
  const numbers = (Object.keys(NUMBERS) as (keyof typeof NUMBERS)[]).flatMap((key): Override[] => {
    const text = options[key];
    if (text === undefined) return [];
    return [{ path: ['budget', key], value: numberOf(text), flag: `${NUMBERS[key]} ${text}` }];
  });
  const { adapters, overwrite, run: runs } = options;
  return [
    ...texts,
    ...numbers,
    ...(adapters === undefined
      ? []
      : [{ path: ['adapters'], value: kindsOf(adapters), flag: `--adapters ${adapters}` }]),
    ...(overwrite ? [{ path: ['overwrite'], value: true, flag: '--overwrite' }] : []),
    ...(runs ? [{ path: ['run'], value: true, flag: '--run' }] : []),
  ];
}

/** The world, its long work shown as the shell allows; `wrote` hears of lines that stay on the terminal. */
async function openWorld(
  shell: Shell,
  wrote: () => void,
): Promise<{ readonly world: World; idle(): Promise<unknown> }> {
  const modules = await shell.modules();
  const { createWorld } = await import('../../wizard/world.js');
  const { estimateAdapters, planRun } = await import('../../plan/planRun.js');
  const { formatPlan } = await import('../planText.js');
  const { longWork } = await import('../longWork.js');
  const { onOneLine } = await import('../oneLine.js');
  const { skippable } = await import('../skippable.js');
  const { createQueue } = await import('../queue.js');
  const { idle, inTurn } = createQueue();
  const services: Services = {
    wait: (title, work) => (shell.canAsk ? onOneLine(title, work) : work()),
    makeData: async (output) => {
      wrote();
      await makeData(shell, { output });
    },
    estimateAdapters: (settings) =>
      skippable(
        'measuring what adapters cost',
        inTurn((follow: Follow) => estimateAdapters(settings, follow, modules)),
      ),
    planRun: (settings) => {
      const work = inTurn((follow: Follow) => planRun(settings, follow, modules));
      return shell.canAsk ? onOneLine('planning', work) : longWork(shell, work);
    },
    formatPlan,
  };
  return { world: createWorld(services, shell.canAsk, modules), idle };
}

/** Where the answers go: no file that is read, nor the recipe's. */
async function checkSaveAnswers({ saveAnswers, answers, overwrite, file }: Options): Promise<void> {
  if (saveAnswers !== undefined)
    await requireWritableFile(saveAnswers, { overwrite, inputs: [answers, file] });
}

/** Writes the answers; where that fails, a recipe that was not there before goes, so that the same command works later. */
async function save(file: string, answers: Answers, recipe: string, isNew: boolean): Promise<void> {
  const { writeJson } = await import('../../checkpoints/jsonFile.js');
  try {
    writeJson(file, answers);
  } catch (error) {
    if (isNew) rmSync(recipe, { force: true });
    throw error;
  }
}

async function create(shell: Shell, options: Options): Promise<void> {
  await checkSaveAnswers(options);
  const { readAnswers } = await import('../../wizard/readAnswers.js');
  const { runWizard, startWizard } = await import('../../wizard/wizard.js');
  const { recipeOf } = await import('../../wizard/recipe.js');
  const { chosenNames } = await import('../../wizard/chosenNames.js');
  const { writeRecipe } = await import('../../wizard/writeRecipe.js');
  const { automaticAsker } = await import('../../wizard/automatic.js');
  const given = readAnswers(options.answers, flagsOf(options), await shell.modules());
  const terminal = shell.canAsk ? (await import('../wizardAsker.js')).createTerminalAsker() : undefined;
  const asker: Asker = terminal ?? automaticAsker(given.source);
  const { world, idle } = await openWorld(shell, () => terminal?.forget());
  const answers = await runWizard(startWizard(given.answers), world, asker);
  const { file, overwrite } = chosenNames(answers, world);
  if (existsSync(dirname(resolve(file))))
    await requireWritableFile(file, { overwrite, inputs: [options.answers, options.saveAnswers] });
  const recipe = await recipeOf(answers, world);
  const isNew = !existsSync(file);
  writeRecipe(file, recipe, await shell.modules());
  if (options.saveAnswers !== undefined) await save(options.saveAnswers, answers, file, isNew);
  if (!answers.run) {
    shell.result({ file, recipe }, file);
    shell.log(`carry it out with: ${quote(['vlgraft', 'run', file, ...shell.useWords])}`);
    return;
  }
  shell.log(`wrote ${file}`);
  await idle();
  await run(shell, file, { ...(overwrite && { overwrite }) });
}

/** `vlgraft new` */
export const addNew: AddVerb = (parent) => {
  parent
    .command('new')
    .summary('make a recipe, question by question')
    .description(
      'Asks for backbone, task, data, adapters and budget, shows what the run will cost, and writes a recipe. Without a ' +
        'terminal, in CI and with --no-input nothing is asked: answers come from flags and from a file, the rest are defaults.',
    )
    .option('--backbone <name>', 'a shipped one, a folder, or a model of the hub that is in the cache')
    .option('--task <kind>', 'what is learned')
    .option('--data <folder>', "folder of the data, or 'make emoji-scenes'")
    .option('--adapters <kinds>', "kinds by commas, 'none' for the head alone")
    .option('--epochs <n>', 'passes over the training set')
    .option('--minutes <n>', 'minutes of training instead, measured on this machine')
    .option('--steps <n>', 'updates instead')
    .option('--batch-size <n>', 'examples of a batch')
    .option('--learning-rate <rate>', 'largest learning rate')
    .option('--seed <n>', 'seed of everything that is drawn')
    .option('--name <name>', 'name of the run')
    .option('--output <folder>', 'run folder')
    .option('--file <file>', "the recipe's file")
    .option('--overwrite', 'replace what is there under these names')
    .option('--run', 'carry the recipe out once it is written')
    .option('--answers <file>', 'answers as JSON; flags take their place')
    .option('--save-answers <file>', 'write the answers that were given')
    .addHelpText(
      'after',
      examples(
        'vlgraft new',
        'vlgraft new --task nlvr --adapters bottleneck,shortcut --epochs 3 --file nlvr.json --run --no-input',
        'vlgraft new --answers answers.json',
      ),
    )
    .action(action(create));
};
