import { copyFile, link, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InterruptedError } from '../../base/errors.js';
import { makeFolder } from '../../system/makeFolder.js';
import { withFile } from '../../system/systemErrors.js';
import type { AnnotationFile } from './annotations/annotationKind.js';

/** Files written at once. */
const AT_ONCE = 32;

/** Makes the folders of files, each one once. */
function folderMaker(root: string) {
  const made = new Set<string>();
  return (name: string) => {
    const folder = dirname(join(root, name));
    if (!made.has(folder)) makeFolder(folder);
    made.add(folder);
  };
}

/** A hard link in place of whatever an interrupted run left there; a copy where the file system has none. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  await link(from, to).catch(() => copyFile(from, to));
}

/** Writes annotation files below `root` and returns their names in order; throws InterruptedError on `signal`. */
export async function writeAnnotations(
  root: string,
  files: Iterable<AnnotationFile>,
  signal?: AbortSignal,
): Promise<string[]> {
  const names: string[] = [];
  const makeFolderOf = folderMaker(root);
  const write = async (file: AnnotationFile) => {
    makeFolderOf(file.name);
    const path = join(root, file.name);
    if ('content' in file) await withFile(path, writeFile(path, file.content));
    else await linkOrCopy(join(root, file.linkTo), path);
  };
  let pending: Promise<void>[] = [];
  for (const file of files) {
    names.push(file.name);
    pending.push(write(file));
    if (pending.length < AT_ONCE) continue;
    await Promise.all(pending);
    pending = [];
    if (signal?.aborted) throw new InterruptedError('interrupted; the same call goes on from here');
  }
  await Promise.all(pending);
  return names;
}
