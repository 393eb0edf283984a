import type { SplitName, Splits } from '../../tasks/example.js';
import type { AnyTask } from '../../tasks/task.js';
import { type Problem, UsageError } from '../base/errors.js';
import type { Json } from '../base/json.js';
import { addAll } from '../base/lists.js';
import type { Answers } from './answers.js';
import { chosenTask, defaultOptions } from './chosen.js';
import { recogniseSplits } from './dataFolders.js';
import type { SplitFacts } from './readSplit.js';
import { requiredKeys, splitKeySchema } from './splitFields.js';
import type { World } from './world.js';

/** The splits of a recipe, in their order. */
export const NAMES: readonly SplitName[] = ['train', 'validation', 'test'];

/** Keys of one split. */
export type Split = Readonly<Record<string, Json>>;

/** What was recognised in the folder of the data, with what was corrected; a split without its files is left out. */
export function chosenFiles(answers: Answers, world: World): Splits {
  const task = chosenTask(answers, world);
  const folder = answers.data as string;
  const recognised = recogniseSplits(task, folder, world.listing(folder));
  const entries = NAMES.flatMap((name) => {
    const given = answers.files?.[name];
    if (given === null) return [];
    const all = { ...recognised[name], ...given };
    const split = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null)) as Split;
    return Object.keys(split).length > 0 ? [[name, split] as const] : [];
  });
  return Object.fromEntries(entries);
}

/** What reading the chosen files gave. */
export interface ReadFiles {
  readonly facts: Partial<Record<SplitName, SplitFacts>>;
  readonly problems: readonly Problem[];
}

function missingKeys(task: AnyTask, splits: Splits): Problem[] {
  return NAMES.flatMap((name) => {
    const split = splits[name];
    if (name !== 'train' && !split) return [];
    return requiredKeys(task, split)
      .filter((key) => split?.[key] === undefined)
      .map((key) => ({
        where: `files.${name}.${key}`,
        message: 'this file was not found',
        expected: String(splitKeySchema(task, key, split)?.description ?? ''),
      }));
  });
}

/** Reads every split whose files are named. */
export async function readFiles(answers: Answers, world: World): Promise<ReadFiles> {
  const task = chosenTask(answers, world);
  const splits = chosenFiles(answers, world);
  const missing = missingKeys(task, splits);
  const facts: Partial<Record<SplitName, SplitFacts>> = {};
  const problems: Problem[] = [...missing];
  for (const name of NAMES) {
    const split = splits[name];
    if (!split || missing.some(({ where }) => where?.startsWith(`files.${name}.`))) continue;
    try {
      facts[name] = await world.readSplit(task, defaultOptions(task), name, split);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      addAll(
        problems,
        error.problems.map((problem) => (problem.file ? problem : { ...problem, where: `files.${name}` })),
      );
    }
  }
  return { facts, problems };
}

/** Training examples of the chosen files; undefined where they can't be read. */
export async function trainingExamples(answers: Answers, world: World): Promise<number | undefined> {
  const { facts } = await readFiles(answers, world);
  return facts.train?.examples;
}
