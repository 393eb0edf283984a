import { grounding } from './grounding.js';
import { multiOf } from './multi.js';
import { nlvr } from './nlvr.js';
import { phraseGrounding } from './phraseGrounding.js';
import { createPretrain } from './pretrain.js';
import { objectives } from './pretraining/objectives/index.js';
import { retrieval } from './retrieval.js';
import { vcr } from './vcr.js';
import { vqa } from './vqa.js';

const pretrain = createPretrain(objectives);

const single = [vqa, nlvr, grounding, phraseGrounding, retrieval, vcr, pretrain] as const;

/** Every task, in the order in which they are listed to users. */
export const tasks = [...single, multiOf(single)] as const;
