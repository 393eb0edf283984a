import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Example, SplitName } from '../../tasks/task.js';
import type { Picture, Processor } from '../backbones/backbone.js';
import { loadTokenizer, type Tokenizer } from '../data/tokenizer.js';
import { InterruptedError, type Problem, UsageError } from '../errors.js';
import type { Json } from '../json.js';
import type { OnProgress } from '../progress.js';
import { createRandom } from '../random.js';
import { checkBoxes, isPictureThere } from './checkPictures.js';
import {
  createProblemList,
  type DataReport,
  type ProblemList,
  type SplitFacts,
  sharedNotes,
} from './dataReport.js';
import type { AnyTask } from './model.js';
import { openBackbone, type RunModules, shippedModules, taskOf, taskOptions } from './prepare.js';
import type { RunSettings } from './settings.js';

/** How a check is followed and stopped. */
export interface CheckOptions {
  readonly onProgress?: OnProgress;
  /** Stops the check with InterruptedError. */
  readonly signal?: AbortSignal;
  /** Splits that are known to be wrong and are not read. */
  readonly skip?: ReadonlySet<string>;
}

type Files = Readonly<Record<string, Json>>;

/** A split, or the files of one task in it. */
interface Part {
  /** `train`, or `train vqa`. */
  readonly name: string;
  readonly split: SplitName;
  readonly group?: string;
  readonly options: unknown;
  readonly files: Files;
}

/** A part that could be read. */
interface ReadPart extends Part {
  readonly examples: readonly Example[];
}

/** Examples that are made ready at a time. */
const AT_ONCE = 32;

const SPLITS = ['train', 'validation', 'test'] as const;

/** The splits of a recipe, one part for each group of examples. */
function partsOf(task: AnyTask, settings: RunSettings): Part[] {
  const options = taskOptions(settings);
  const { grouping } = task;
  return SPLITS.flatMap((split): Part[] => {
    const files = settings.data[split];
    if (!files) return [];
    if (!grouping) return [{ name: split, split, options, files }];
    const groups = grouping.names(options).filter((group) => Object.hasOwn(files, group));
    return groups.map((group) => ({
      name: `${split} ${group}`,
      split,
      group,
      options: grouping.alone(options, group),
      files: { [group]: files[group] as Json },
    }));
  });
}

/** The same files without the check that pictures are there; undefined where that was off. */
function withoutPictures({ group, files }: Part): Files | undefined {
  const own = (group === undefined ? files : files[group]) as Files;
  if (own.checkImages === false) return undefined;
  const relaxed = { ...own, checkImages: false };
  return group === undefined ? relaxed : { [group]: relaxed };
}

/** The examples of a part; where only pictures are missing, those that have theirs. Problems are added. */
async function readPart(task: AnyTask, part: Part, problems: ProblemList): Promise<readonly Example[]> {
  try {
    const examples = await task.read(part.options, part.files);
    if (examples.length === 0) problems.add(part.name, { message: 'there are no examples in its files' });
    return examples;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    for (const problem of error.problems) problems.add(part.name, problem);
  }
  const relaxed = withoutPictures(part);
  if (!relaxed) return [];
  try {
    const examples = await task.read(part.options, relaxed);
    return examples.filter((example) => task.pictures(example).every(isPictureThere));
  } catch (error) {
    if (error instanceof UsageError) return [];
    throw error;
  }
}

/** Lengths of the texts that were encoded. */
interface TextLengths {
  longest: number;
  truncated: number;
}

/** A processor that notes how long texts are before they are cut. */
function measuring(processor: Processor, tokenizer: Tokenizer, limit: number) {
  const lengths: TextLengths = { longest: 0, truncated: 0 };
  const encode: Processor['encode'] = async (input) => {
    const encoded = await processor.encode(input);
    const { text, textPair } = input;
    const isFull = encoded.textLength >= limit && text !== undefined;
    const length = isFull ? tokenizer.encode(text, textPair).ids.length : encoded.textLength;
    lengths.longest = Math.max(lengths.longest, length);
    lengths.truncated += Number(length > encoded.textLength);
    return encoded;
  };
  return { lengths, processor: { ...processor, encode } };
}

/** What examples are made ready with. */
interface Reading {
  readonly processor: Processor;
  readonly tokenizer: Tokenizer;
  close(): Promise<void>;
}

/** The processor of the recipe's backbone; undefined, with the reasons among the problems, where there is none. */
async function openReading(
  settings: RunSettings,
  task: AnyTask,
  training: readonly Example[],
  modules: RunModules,
  problems: ProblemList,
): Promise<Reading | undefined> {
  let made: string | undefined;
  const remove = () => made !== undefined && rmSync(made, { recursive: true, force: true });
  try {
    const { backbone, tokenizerFolder: folder } = openBackbone(settings, task, training, () => {
      made = mkdtempSync(join(tmpdir(), 'vlgraft-check-'));
      return made;
    });
    const { regions, maxTextLength } = settings.data;
    task.check?.(taskOptions(settings), backbone.shape);
    const options = { folder, maxTextLength, ...(regions && { regions }) };
    const processor = await modules.createProcessor(backbone, options);
    const close = async () => {
      await processor.close();
      remove();
    };
    return { processor, tokenizer: loadTokenizer(folder), close };
  } catch (error) {
    remove();
    if (!(error instanceof UsageError)) throw error;
    for (const problem of error.problems) problems.add(undefined, problem);
    return undefined;
  }
}

/** What each head must know, by group: from the training set, else from what there is, since it only shapes targets here. */
function fitStates(
  task: AnyTask,
  parts: readonly ReadPart[],
  problems: ProblemList,
): ReadonlyMap<string | undefined, Json> {
  const states = new Map<string | undefined, Json>();
  for (const group of new Set(parts.map((part) => part.group))) {
    const source = parts.find((part) => part.group === group) as ReadPart; // training comes first
    try {
      states.set(group, task.fit(source.options, source.examples));
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      for (const problem of error.problems) problems.add(source.name, problem);
    }
  }
  return states;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What went wrong with one example: whatever it is, the others are still looked at. */
const problemsOf = (error: unknown): readonly Problem[] =>
  error instanceof UsageError ? error.problems : [{ message: messageOf(error) }];

/** Examples of the same picture one after another, so that it is decoded once. */
function byPicture(task: AnyTask, examples: readonly Example[]): Example[] {
  const places = new Map<string, number>();
  const keyed = examples.map((example) => {
    const path = task.pictures(example)[0]?.path ?? '';
    if (!places.has(path)) places.set(path, places.size);
    return { example, place: places.get(path) as number };
  });
  return keyed.sort((a, b) => a.place - b.place).map(({ example }) => example);
}

function* chunks<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

function factsOf(examples: readonly Example[], pictures: ReadonlyMap<string, Picture>): SplitFacts {
  const counts = [...pictures.values()].flatMap(({ boxes }) => boxes?.length ?? []);
  const sum = counts.reduce((total, count) => total + count, 0);
  const [min, max] = counts.reduce(([a, b], count) => [Math.min(a, count), Math.max(b, count)], [
    Number.POSITIVE_INFINITY,
    0,
  ] as [number, number]);
  return {
    examples: examples.length,
    pictures: pictures.size,
    ...(counts.length > 0 && { boxes: { min, mean: sum / counts.length, max } }),
  };
}

/** Makes every example of a part ready once, one by one; problems are added. */
async function readExamples(
  task: AnyTask,
  part: ReadPart,
  how: {
    readonly reading: Reading;
    readonly state: Json;
    readonly limit: number;
    readonly checksBoxes: boolean;
  },
  problems: ProblemList,
  { onProgress, signal }: CheckOptions,
): Promise<{ readonly pictures: ReadonlyMap<string, Picture>; readonly lengths: TextLengths }> {
  const { reading, state, limit, checksBoxes } = how;
  const { lengths, processor } = measuring(reading.processor, reading.tokenizer, limit);
  const pictures = new Map<string, Picture>();
  const context = { state, processor, random: createRandom('check'), training: true };
  const total = part.examples.length;

  const readOne = async (example: Example) => {
    const fresh = task.pictures(example).filter(({ path }) => !pictures.has(path));
    for (const picture of fresh) pictures.set(picture.path, picture);
    const boxes = checksBoxes ? (await Promise.all(fresh.map(checkBoxes))).flat() : [];
    for (const problem of boxes) problems.add(part.name, problem, example.id);
    try {
      await task.collate([example], context);
    } catch (error) {
      for (const problem of problemsOf(error)) problems.add(part.name, problem, example.id);
    }
  };

  let done = 0;
  for (const some of chunks(byPicture(task, part.examples), AT_ONCE)) {
    if (signal?.aborted) throw new InterruptedError(`interrupted while ${part.name} was checked`);
    await Promise.all(some.map(readOne));
    done += some.length;
    onProgress?.({ stage: part.name, done, total, unit: 'example' });
  }
  return { pictures, lengths };
}

/** Every part that can be read; problems of the others are added. */
async function readParts(
  task: AnyTask,
  settings: RunSettings,
  problems: ProblemList,
  { skip, signal, onProgress }: CheckOptions,
): Promise<ReadPart[]> {
  const parts = partsOf(task, settings).filter(({ split }) => !skip?.has(split));
  const readable: ReadPart[] = [];
  for (const [index, part] of parts.entries()) {
    if (signal?.aborted) throw new InterruptedError('interrupted while files were read');
    const examples = await readPart(task, part, problems);
    if (examples.length > 0) readable.push({ ...part, examples });
    onProgress?.({ stage: 'files', done: index + 1, total: parts.length, unit: 'split' });
  }
  return readable;
}

/**
 * Reads all data of a recipe as a run would, and every example once: files, then pictures, boxes or features, and texts.
 * All problems of all splits are told, none stops the check. Throws InterruptedError when `signal` stops it, and
 * UsageError for an unknown task.
 */
export async function checkData(
  settings: RunSettings,
  options: CheckOptions = {},
  modules: RunModules = shippedModules,
): Promise<DataReport> {
  const task = taskOf(settings.task.kind, modules);
  const problems = createProblemList();
  const parts = await readParts(task, settings, problems, options);
  const training = parts.flatMap(({ split, examples }) => (split === 'train' ? examples : []));
  const reading = await openReading(settings, task, training, modules, problems);
  const states = reading ? fitStates(task, parts, problems) : new Map<string, Json>();
  const splits: Record<string, SplitFacts> = {};
  const [ids, paths] = [createNamedSets(), createNamedSets()];
  const { maxTextLength: limit, regions } = settings.data;
  const checksBoxes = regions?.kind !== 'precomputed';
  try {
    for (const part of parts) {
      const state = states.get(part.group);
      const how = reading && state !== undefined && { reading, state, limit, checksBoxes };
      const read = how ? await readExamples(task, part, how, problems, options) : undefined;
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
  const notes = [...sharedNotes('example id', ids.sets), ...sharedNotes('picture', paths.sets)];
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
