import { grounding } from './grounding.js';
import { nlvr } from './nlvr.js';
import { pretrain } from './pretrain.js';
import { vqa } from './vqa.js';

/** Every task, in the order in which they are listed to users. */
export const tasks = [vqa, nlvr, grounding, pretrain] as const;
