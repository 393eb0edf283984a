import { statSync } from 'node:fs';
import type { Problem } from '../../src/errors.js';

/** A picture that a dataset names, and the first place that names it. */
export interface NamedPicture {
  readonly path: string;
  readonly file: string;
  readonly where: string;
}

/** Problems of the pictures that are missing, empty or not files; each path is looked at once. */
export function checkPictureFiles(pictures: Iterable<NamedPicture>): Problem[] {
  const seen = new Set<string>();
  const problems: Problem[] = [];
  for (const { path, file, where } of pictures) {
    if (seen.has(path)) continue;
    seen.add(path);
    const status = statSync(path, { throwIfNoEntry: false });
    if (status?.isFile() && status.size > 0) continue;
    const what = !status ? 'is missing' : status.isFile() ? 'is empty (0 bytes)' : 'is not a file';
    problems.push({ file, where, message: `the picture ${path} ${what}` });
  }
  return problems;
}
