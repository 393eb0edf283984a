import { adapters } from '../../adapters/index.js';
import { singleTasks, tasks } from '../../tasks/index.js';
import { objectives } from '../../tasks/pretraining/objectives/index.js';
import { readers } from '../../tasks/readers/index.js';
import type { AnyTaskLiteral } from '../../tasks/task.js';
import { backboneFamilies } from '../backbones/families.js';
import { processorKinds } from '../backbones/processors/index.js';
import { regionKinds } from '../data/regions/index.js';
import type { Modules } from '../prepare/modules.js';
import { optimizers } from '../training/optimizers/index.js';

const taskLiterals = singleTasks as unknown as readonly AnyTaskLiteral[];

/** What this package has: the one place where its lists are put together. */
export const shippedModules: Modules = {
  adapters,
  tasks,
  taskLiterals,
  readers,
  objectives,
  regions: regionKinds,
  backbones: backboneFamilies,
  processors: processorKinds,
  optimizers,
};
