import type { AnyObjective } from '../objective.js';
import { contrastive } from './contrastive.js';
import { matching } from './matching.js';
import { mlm } from './mlm.js';
import { momentumContrast } from './momentumContrast.js';
import { pwcl } from './pwcl.js';
import { regions } from './regions.js';

/** Every objective, in the order in which their losses are added and logged. */
export const objectives: readonly AnyObjective[] = [
  mlm,
  pwcl,
  contrastive,
  momentumContrast,
  matching,
  regions,
];
