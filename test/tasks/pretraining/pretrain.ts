import { createPretrain } from '../../../tasks/pretrain.js';
import { objectives } from '../../../tasks/pretraining/objectives/index.js';

/** The task with the objectives of this package. */
export const pretrain = createPretrain(objectives);
