import { adapters } from '../../adapters/index.js';
import { tasks } from '../../tasks/index.js';
import { backboneFamilies } from '../backbones/index.js';
import { regionKinds } from '../data/regions/index.js';
import type { AnyTask } from '../model/model.js';
import type { Modules } from '../prepare/modules.js';
import { optimizers } from '../training/optimizers/index.js';

/** What this package has: the one place where its lists are put together. */
export const shippedModules: Modules = {
  adapters,
  tasks: tasks as unknown as readonly AnyTask[],
  regions: regionKinds,
  backbones: backboneFamilies,
  optimizers,
};
