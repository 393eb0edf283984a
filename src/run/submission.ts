import { join } from 'node:path';
import type { Example } from '../../tasks/example.js';
import type { Prediction, SubmissionFile } from '../../tasks/task.js';
import { writeFileAtomically } from '../checkpoints/atomicFile.js';
import { replaceFolder } from '../checkpoints/ownedFolder.js';
import type { FittedTask } from '../model/model.js';
import { makeFolder } from '../system/makeFolder.js';

/** Predictions in the formats of the official evaluations; none where the task has no such format. */
export const submissionOf = (
  { task }: FittedTask,
  predictions: readonly Prediction[],
  examples: readonly Example[],
): readonly SubmissionFile[] => task.submission?.(predictions, examples) ?? [];

/** Writes the files into a folder, which is made where there is none; returns their paths. */
export function writeSubmission(folder: string, files: readonly SubmissionFile[]): string[] {
  if (files.length > 0) makeFolder(folder);
  return files.map(({ name, content }) => {
    const path = join(folder, name);
    writeFileAtomically(path, content);
    return path;
  });
}

/** Writes a folder of its own for a submission, in place of the one that is there; returns the files' paths. */
export function writeSubmissionFolder(folder: string, files: readonly SubmissionFile[]): string[] {
  const claim = { kind: 'submission', files: files.map(({ name }) => name) } as const;
  return replaceFolder(folder, claim, () => writeSubmission(folder, files));
}
