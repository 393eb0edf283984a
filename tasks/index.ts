import { pretrain } from './pretrain.js';
import { vqa } from './vqa.js';

/** Every task, in the order in which they are listed to users. */
export const tasks = [vqa, pretrain] as const;
