import type { Example, SplitName } from '../../tasks/example.js';
import type { AnyTask } from '../../tasks/task.js';
import { UsageError } from '../base/errors.js';
import type { Json } from '../base/json.js';
import type { OnProgress } from '../base/progress.js';
import { endsAtOnce } from '../system/endsAtOnce.js';
import { stopIfAsked } from '../system/stopIfAsked.js';
import type { RunSettings } from '../training/settings.js';
import { isPictureThere } from './checkPictures.js';
import type { ProblemList } from './dataReport.js';
import { taskOptions } from './prepare.js';

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
export interface ReadPart extends Part {
  readonly examples: readonly Example[];
}

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
    const examples = await endsAtOnce(() => task.read(part.options, part.files));
    const where = ['data', part.split, ...(part.group === undefined ? [] : [part.group])].join('.');
    if (examples.length === 0)
      problems.add(part.name, { where, message: 'there are no examples in its files' });
    return examples;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    for (const problem of error.problems) problems.add(part.name, problem);
  }
  const relaxed = withoutPictures(part);
  if (!relaxed) return [];
  try {
    const examples = await endsAtOnce(() => task.read(part.options, relaxed));
    return examples.filter((example) => task.pictures(example).every(isPictureThere));
  } catch (error) {
    if (error instanceof UsageError) return [];
    throw error;
  }
}

/** Every part that can be read; problems of the others are added. */
export async function readParts(
  task: AnyTask,
  settings: RunSettings,
  problems: ProblemList,
  { skip, signal, onProgress }: CheckOptions,
): Promise<ReadPart[]> {
  const parts = partsOf(task, settings).filter(({ split }) => !skip?.has(split));
  const readable: ReadPart[] = [];
  for (const [index, part] of parts.entries()) {
    await stopIfAsked(signal, 'while files were read');
    const examples = await readPart(task, part, problems);
    if (examples.length > 0) readable.push({ ...part, examples });
    onProgress?.({ stage: 'files', done: index + 1, total: parts.length, unit: 'split' });
  }
  return readable;
}
