import { type AdamWOptions, adamw } from './adamw.js';
import type { OptimizerKind } from './optimizer.js';
import { type SgdOptions, sgd } from './sgd.js';

/** Every optimizer, in the order in which they are listed to users; a new one is one file and one line here. */
export const optimizers = [adamw, sgd] as readonly OptimizerKind<never>[];

/** Options of the optimizers of this package. */
export type ShippedOptimizer =
  | ({ readonly kind: 'adamw' } & AdamWOptions)
  | ({ readonly kind: 'sgd' } & SgdOptions);
