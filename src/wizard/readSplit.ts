import type { Example, SplitName } from '../../tasks/example.js';
import type { AnyTask } from '../../tasks/task.js';
import { UsageError } from '../base/errors.js';
import type { Json } from '../base/json.js';
import { endsAtOnce } from '../system/endsAtOnce.js';

/** What reading a split found. */
export interface SplitFacts {
  readonly examples: number;
  readonly text: string;
  readonly answer?: string;
  /** Of the first example. */
  readonly pictures: readonly string[];
}

/** Training and validation need the answers; a test set may come without. */
async function requireAnswers(
  task: AnyTask,
  options: unknown,
  name: SplitName,
  examples: readonly Example[],
): Promise<void> {
  if (name !== 'test') await endsAtOnce(() => task.fit(options, examples));
}

/** Reads a split as a run will, and shows its first example; throws UsageError with everything that is wrong with it. */
export async function readSplit(
  task: AnyTask,
  options: unknown,
  name: SplitName,
  files: Readonly<Record<string, Json>>,
): Promise<SplitFacts> {
  const examples = await endsAtOnce(() => task.read(options, files));
  const [first] = examples;
  if (!first) throw new UsageError({ where: `files.${name}`, message: 'there are no examples in its files' });
  await requireAnswers(task, options, name, examples);
  const [text = first.id] = task.texts?.(first) ?? [];
  const answer = (task.truth ?? task.answer)?.(first);
  const pictures = task.pictures(first).map(({ path }) => path);
  return { examples: examples.length, text, pictures, ...(answer !== undefined && { answer }) };
}
