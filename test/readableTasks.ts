// The tasks of this package with their readers, as runs have them.
import * as grounding_ from '../tasks/grounding.js';
import * as nlvr_ from '../tasks/nlvr.js';
import * as phraseGrounding_ from '../tasks/phraseGrounding.js';
import { createPretrain } from '../tasks/pretrain.js';
import { objectives } from '../tasks/pretraining/objectives/index.js';
import { withReaders } from '../tasks/readable.js';
import { readers } from '../tasks/readers/index.js';
import * as retrieval_ from '../tasks/retrieval.js';
import * as vcr_ from '../tasks/vcr.js';
import * as vqa_ from '../tasks/vqa.js';

export const grounding = withReaders(grounding_.grounding, readers);
export const nlvr = withReaders(nlvr_.nlvr, readers);
export const phraseGrounding = withReaders(phraseGrounding_.phraseGrounding, readers);
export const pretrain = withReaders(createPretrain(objectives), readers);
export const retrieval = withReaders(retrieval_.retrieval, readers);
export const vcr = withReaders(vcr_.vcr, readers);
export const vqa = withReaders(vqa_.vqa, readers);
