import { UsageError } from '../src/base/errors.js';
import type { Json } from '../src/base/json.js';
import type { Example } from './example.js';
import { type Reader, readSplit, recogniseAny, splitSchemaOf } from './readers/reader.js';
import type { Task, TaskLiteral } from './task.js';

/**
 * The task with the readers that give what it asks for; one that reads its own files stays as it is. Throws UsageError
 * where no reader gives that.
 */
export function withReaders<Options, E extends Example, State extends Json>(
  task: TaskLiteral<Options, E, State>,
  all: readonly Reader[],
): Task<Options, E, State> {
  const { examples } = task;
  if (examples === undefined) return task as Task<Options, E, State>;
  const [first, ...others] = all.filter(({ gives }) => gives === examples);
  if (!first) {
    const given = [...new Set(all.map(({ gives }) => gives))].join(', ');
    const message = `no reader gives "${examples}", which the task "${task.kind}" asks for`;
    throw new UsageError({ message, expected: `a reader that does; there are readers of ${given}` });
  }
  const readers = [first, ...others] as const;
  return {
    ...task,
    readers,
    dataSchema: splitSchemaOf(readers),
    recognise: (folder) => recogniseAny(readers, folder),
    read: (_options, split) => readSplit(readers, split),
  };
}
