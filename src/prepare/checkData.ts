import type { Example } from '../../tasks/example.js';
import type { AnyTask } from '../../tasks/task.js';
import { createProcessor } from '../backbones/createProcessor.js';
import { UsageError } from '../base/errors.js';
import type { Json } from '../base/json.js';
import type { Picture } from '../data/sequence.js';
import { endsAtOnce } from '../system/endsAtOnce.js';
import { makeTemporaryFolder, type TemporaryFolder } from '../system/temporaryFolder.js';
import type { RunSettings } from '../training/settings.js';
import { type CheckOptions, type ReadPart, readParts } from './dataParts.js';
import {
  createProblemList,
  type DataReport,
  type ProblemList,
  type SplitFacts,
  sharedNotes,
} from './dataReport.js';
import { type Modules, taskOf } from './modules.js';
import { openBackbone, taskOptions } from './prepare.js';
import { type Reading, readExamples } from './readExamples.js';
import { tokenizerNotes } from './textNotes.js';

/** The processor of the recipe's backbone; undefined, with the reasons among the problems, where there is none. */
async function openReading(
  settings: RunSettings,
  task: AnyTask,
  training: readonly Example[],
  modules: Modules,
  problems: ProblemList,
): Promise<Reading | undefined> {
  if (settings.backbone.create && training.length === 0) return undefined; // its tokenizer comes from their texts
  let made: TemporaryFolder | undefined;
  try {
    const { backbone, tokenizerFolder: folder } = openBackbone(settings, task, training, modules, () => {
      made = makeTemporaryFolder('vlgraft-check');
      return made.path;
    });
    const { regions, maxTextLength } = settings.data;
    task.check?.(taskOptions(settings), backbone.shape);
    const options = { folder, maxTextLength, regionKinds: modules.regions, ...(regions && { regions }) };
    const processor = await createProcessor(backbone, options, modules.processors);
    const close = async () => {
      await processor.close();
      made?.remove();
    };
    return { processor, close };
  } catch (error) {
    made?.remove();
    if (!(error instanceof UsageError)) throw error;
    for (const problem of error.problems) problems.add(undefined, problem);
    return undefined;
  }
}

/** What each head must know, by group: from the training set, else from what there is, since it only shapes targets here. */
async function fitStates(
  task: AnyTask,
  parts: readonly ReadPart[],
  problems: ProblemList,
): Promise<ReadonlyMap<string | undefined, Json>> {
  const states = new Map<string | undefined, Json>();
  for (const group of new Set(parts.map((part) => part.group))) {
    const source = parts.find((part) => part.group === group) as ReadPart; // training comes first
    try {
      states.set(group, await endsAtOnce(() => task.fit(source.options, source.examples)));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      for (const problem of error.problems) problems.add(source.name, problem);
    }
  }
  return states;
}

function factsOf(examples: readonly Example[], pictures: ReadonlyMap<string, Picture>): SplitFacts {
  const counts = [...pictures.values()].flatMap(({ boxes }) => boxes?.length ?? []);
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const min = counts.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const max = counts.reduce((a, b) => Math.max(a, b), 0);
  return {
    examples: examples.length,
    pictures: pictures.size,
    ...(counts.length > 0 && { boxes: { min, mean, max } }),
  };
}

/**
 * Reads all data of a recipe as a run would, and every example once: files, then pictures, boxes or features, and texts.
 * All problems of all splits are told, none stops the check. Throws InterruptedError when `signal` stops it, and
 * UsageError for an unknown task.
 */
export async function checkData(
  settings: RunSettings,
  options: CheckOptions,
  modules: Modules,
): Promise<DataReport> {
  const task = taskOf(settings.task.kind, modules);
  const problems = createProblemList();
  const parts = await readParts(task, settings, problems, options);
  const training = parts.flatMap(({ split, examples }) => (split === 'train' ? examples : []));
  // Before a folder is made: fitting ends at once, and leaves it.
  const states = await fitStates(task, parts, problems);
  const reading = await openReading(settings, task, training, modules, problems);
  const splits: Record<string, SplitFacts> = {};
  const [ids, paths] = [createNamedSets(), createNamedSets()];
  const { maxTextLength: limit, regions } = settings.data;
  const textual = reading ? tokenizerNotes(reading.processor.tokenizer, limit) : [];
  const checksBoxes = regions?.kind !== 'precomputed';
  try {
    for (const part of parts) {
      const state = states.get(part.group);
      const how = reading && state !== undefined && { reading, state, limit, checksBoxes };
      const read = how ? await readExamples(task, part, how, problems, options) : undefined;
      textual.push(...(read?.notes ?? []));
      const pictures = read?.pictures ?? new Map<string, Picture>();
      ids.add(
        part.split,
        part.examples.map(({ id }) => id),
      );
      paths.add(part.split, pictures.keys());
      splits[part.name] = {
        ...factsOf(part.examples, pictures),
        ...(read && { longestText: read.lengths.longest, truncatedTexts: read.lengths.truncated }),
      };
    }
  } finally {
    await reading?.close();
  }
  const unread = Object.keys(splits).filter((name) => splits[name]?.longestText === undefined);
  const cut = Object.entries(splits).filter(([, { truncatedTexts = 0 }]) => truncatedTexts > 0);
  const notes = [
    ...cut.map(
      ([name, { truncatedTexts, longestText }]) =>
        `${truncatedTexts} text${truncatedTexts === 1 ? '' : 's'} of ${name} ${truncatedTexts === 1 ? 'is' : 'are'} cut to data.maxTextLength, ${limit} tokens; the longest has ${longestText}`,
    ),
    ...textual,
    ...(reading?.processor.notes ?? []),
    ...unread.map((name) => `the pictures and texts of ${name} were not looked at`),
    ...sharedNotes('example id', ids.sets),
    ...sharedNotes('picture', paths.sets),
  ];
  return { splits, problems: problems.problems, notes };
}

/** Sets of texts by name. */
function createNamedSets() {
  const sets = new Map<string, Set<string>>();
  const add = (name: string, values: Iterable<string>) => {
    const set = sets.get(name) ?? new Set();
    for (const value of values) set.add(value);
    sets.set(name, set);
  };
  return { sets, add };
}
