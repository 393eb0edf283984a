import { grounding } from './grounding.js';
import { multiOf } from './multi.js';
import { nlvr } from './nlvr.js';
import { phraseGrounding } from './phraseGrounding.js';
import { pretrain } from './pretrain.js';
import { retrieval } from './retrieval.js';
import { vcr } from './vcr.js';
import { vqa } from './vqa.js';

/** The tasks that stand for themselves. */
export const singleTasks = [vqa, nlvr, grounding, phraseGrounding, retrieval, vcr, pretrain] as const;

/** Every task, in the order in which they are listed to users. */
export const tasks = [...singleTasks, multiOf(singleTasks)] as const;
