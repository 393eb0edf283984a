import type { AnyTask } from '../../tasks/task.js';
import { UsageError } from '../base/errors.js';
import type { Json } from '../base/json.js';
import type { Modules } from '../prepare/modules.js';
import type { Answers } from './answers.js';
import type { KnownBackbone } from './backbones.js';
import { completeOptions } from './schemaValues.js';
import { pathKeys } from './splitFields.js';
import type { World } from './world.js';

/** Tasks whose data is files of one reader; `multi` has several and is written by hand. */
export const offeredTasks = ({ tasks }: Pick<Modules, 'tasks'>): readonly AnyTask[] =>
  tasks.filter((task) => pathKeys(task).length > 0);

/** An answer that must be there before what follows from it; the steps are in this order. */
function required<T>(value: T | undefined, where: string): T {
  if (value !== undefined) return value;
  throw new UsageError({ where, message: `"${where}" is not answered` });
}

export const chosenBackbone = ({ backbone }: Answers, world: World): KnownBackbone =>
  world.backbone(required(backbone, 'backbone'));

export function chosenTask({ task }: Answers, { modules }: World): AnyTask {
  const kind = required(task, 'task');
  return required(
    offeredTasks(modules).find((one) => one.kind === kind),
    'task',
  );
}

/** Options of a task that takes every default. */
export const defaultOptions = ({ schema }: AnyTask): Json => completeOptions(schema);

/** The adapters that were chosen, of those that there are, in the order of the list. */
export const chosenAdapters = ({ adapters: kinds = [] }: Answers, { modules }: World) =>
  modules.adapters.filter(({ kind }) => kinds.includes(kind));
