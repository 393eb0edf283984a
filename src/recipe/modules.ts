import { adapters } from '../../adapters/index.js';
import { tasks } from '../../tasks/index.js';
import type { Task } from '../../tasks/task.js';
import { backboneFamilies } from '../backbones/families.js';
import type { JsonSchema } from '../base/json.js';
import { regionKinds } from '../data/regions/index.js';
import type { KindModule } from '../schema/kindSchema.js';

/** The lists that the recipe schema is put together from; a new adapter or task is a line in one of them. */
export interface RecipeModules {
  readonly adapters: readonly KindModule[];
  readonly tasks: readonly (KindModule & Pick<Task<unknown, never, null>, 'dataSchema' | 'splitSchema'>)[];
  readonly regions: readonly KindModule[];
  readonly backbones: readonly {
    readonly family: string;
    readonly modelTypes: readonly string[];
    readonly schema: JsonSchema;
  }[];
}

/** The modules of this package. */
export const shippedModules: RecipeModules = {
  adapters,
  tasks,
  regions: regionKinds,
  backbones: backboneFamilies,
};
