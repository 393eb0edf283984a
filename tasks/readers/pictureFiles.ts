import { join } from 'node:path';
import type { Problem } from '../../src/base/errors.js';
import { insideFolder } from '../../src/data/insideFolder.js';
import { fileStatus } from '../../src/system/fileStatus.js';

/** A picture that a dataset names, and the first place that names it. */
export interface NamedPicture extends Pick<Problem, 'line' | 'where'> {
  readonly path: string;
  readonly file: string;
}

/** The path of a picture as its folder is written; undefined where its name would lead out of that folder. */
export const pictureIn = (folder: string, name: string): string | undefined =>
  insideFolder(folder, name) === undefined ? undefined : join(folder, name);

/** Problems of the pictures that are missing, empty or not files; each path is looked at once. */
export function checkPictureFiles(pictures: Iterable<NamedPicture>): Problem[] {
  const seen = new Set<string>();
  const problems: Problem[] = [];
  for (const { path, ...place } of pictures) {
    if (seen.has(path)) continue;
    seen.add(path);
    const status = fileStatus(path);
    if (status?.isFile() && status.size > 0) continue;
    const what = !status ? 'is missing' : status.isFile() ? 'is empty (0 bytes)' : 'is not a file';
    problems.push({ ...place, message: `the picture ${path} ${what}` });
  }
  return problems;
}
