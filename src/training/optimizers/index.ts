import { adamw } from './adamw.js';
import type { OptimizerKind } from './optimizer.js';
import { sgd } from './sgd.js';

/** Every optimizer, in the order in which they are listed to users; a new one is one file and one line here. */
export const optimizers = [adamw, sgd] as readonly OptimizerKind<never>[];
