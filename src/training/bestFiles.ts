import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { checksumOfFile } from '../checkpoints/checksums.js';
import type { RunFolder } from '../checkpoints/runFiles.js';
import { recordedFiles } from '../recording/recordedFiles.js';

type Folder = Pick<RunFolder, 'recorded' | 'validationPredictions'>;

/** The files that the best evaluation of the validation set may leave for the report. */
const filesOf = ({ recorded, validationPredictions }: Folder): string[] => [
  recordedFiles(recorded).outcomes.validation,
  validationPredictions,
];

/** Name -> sha256 of those that are there. */
export const checksumsOfBest = (folder: Folder): Record<string, string> =>
  Object.fromEntries(
    filesOf(folder)
      .filter((file) => existsSync(file))
      .map((file) => [basename(file), checksumOfFile(file).sha256]),
  );

/** Those that are missing or not as the best evaluation left them; none where that is not known. */
export const damagedBestFiles = (folder: Folder, sums: Readonly<Record<string, string>> = {}): string[] =>
  filesOf(folder).filter((file) => {
    const sum = sums[basename(file)];
    return sum !== undefined && !(existsSync(file) && checksumOfFile(file).sha256 === sum);
  });
