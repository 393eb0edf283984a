import { grounding } from './grounding.js';
import { multiOf } from './multi.js';
import { nlvr } from './nlvr.js';
import { phraseGrounding } from './phraseGrounding.js';
import { createPretrain } from './pretrain.js';
import { objectives } from './pretraining/objectives/index.js';
import { withReaders } from './readable.js';
import { readers } from './readers/index.js';
import type { Reader } from './readers/reader.js';
import { retrieval } from './retrieval.js';
import type { AnyTask, AnyTaskLiteral } from './task.js';
import { vcr } from './vcr.js';
import { vqa } from './vqa.js';

/** The tasks that stand for themselves, before they have readers. */
export const singleTasks = [
  vqa,
  nlvr,
  grounding,
  phraseGrounding,
  retrieval,
  vcr,
  createPretrain(objectives),
] as const;

/** Tasks with their readers, and the one that trains several of them together. */
export function tasksOf(literals: readonly AnyTaskLiteral[], all: readonly Reader[]): readonly AnyTask[] {
  const readable = literals.map((task) => withReaders(task, all));
  return [...readable, multiOf(readable) as unknown as AnyTask];
}

/** Every task, in the order in which they are listed to users. */
export const tasks = tasksOf(singleTasks as unknown as readonly AnyTaskLiteral[], readers);
