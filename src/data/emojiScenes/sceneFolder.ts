import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Problem, UsageError } from '../../base/errors.js';
import { writeFileAtomically } from '../../checkpoints/atomicFile.js';
import { requireWritable } from '../../checkpoints/folderLock.js';
import { writeJson } from '../../checkpoints/jsonFile.js';
import { makeFolder } from '../../system/makeFolder.js';
import { withFile } from '../../system/systemErrors.js';
import type { DatasetFacts } from './facts.js';
import type { SceneParameters } from './parameters.js';
import { type Scene, type Split, splits } from './scene.js';

const factsFile = 'dataset.json';
const parametersFile = 'parameters.json';

/** The file that lists a split's scenes, one a line; it is what an interrupted run goes on from. */
export const scenesFile = (split: Split): string => `scenes_${split}.jsonl`;

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parsed(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sameParameters(found: unknown, wanted: SceneParameters): boolean {
  if (typeof found !== 'object' || found === null) return false;
  return Object.entries(wanted).every(([key, value]) => (found as Record<string, unknown>)[key] === value);
}

async function isEmptyOrAbsent(folder: string): Promise<boolean> {
  try {
    return (await readdir(folder)).length === 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
}

/** What is in the way, and what to do about it. */
function wrongFolder(folder: string, found: unknown, wanted: SceneParameters): Problem {
  const { name, seed, count, size, version } = wanted;
  const { version: older, ...others } = (found ?? {}) as Partial<SceneParameters>;
  if (older !== version && sameParameters({ ...others, version }, wanted)) {
    return {
      file: folder,
      message: `the folder holds ${name} ${older}, which has other files than ${version}`,
      expected: 'delete or rename it and make it again, or give another folder',
    };
  }
  return {
    file: folder,
    message: 'the folder is not empty and holds something else',
    expected: `${name} ${version} of seed ${seed}, count ${count}, size ${size}, or another folder`,
  };
}

/** The facts of a folder that is finished already; throws UsageError where it holds something else. */
export async function findFinished(
  folder: string,
  parameters: SceneParameters,
): Promise<DatasetFacts | undefined> {
  if (await isEmptyOrAbsent(folder)) return undefined;
  const facts = parsed(await readIfThere(join(folder, factsFile)));
  if (sameParameters(facts, parameters)) return facts as DatasetFacts;
  throw new UsageError(wrongFolder(folder, facts, parameters));
}

/** What an interrupted run of other parameters, or somebody else, left where the work is to be done. */
function inTheWay(partial: string, left: unknown): Problem {
  if (left === undefined) return { file: partial, message: 'is in the way', expected: 'move or delete it' };
  const { seed, count, size } = left as Partial<SceneParameters>;
  return {
    file: partial,
    message: `holds unfinished data of seed ${seed}, count ${count}, size ${size}`,
    expected: 'go on with these, or move or delete it',
  };
}

/** Makes the folder that is worked in, or finds the one an interrupted run of the same parameters left. */
export async function openPartial(folder: string, parameters: SceneParameters): Promise<string> {
  const partial = `${folder}.partial`;
  const left = parsed(await readIfThere(join(partial, parametersFile)));
  if (!sameParameters(left, parameters)) {
    if (!(await isEmptyOrAbsent(partial))) throw new UsageError(inTheWay(partial, left));
    requireWritable(partial);
    writeFileAtomically(join(partial, parametersFile), JSON.stringify(parameters));
  }
  for (const split of splits) makeFolder(join(partial, 'images', split));
  return partial;
}

/** The scenes whose pictures an interrupted run has finished, in order; a line cut short is dropped. */
export async function readFinishedScenes(partial: string, split: Split): Promise<Scene[]> {
  const file = join(partial, scenesFile(split));
  const lines = ((await readIfThere(file)) ?? '').split('\n').slice(0, -1);
  await withFile(file, writeFile(file, lines.map((line) => `${line}\n`).join('')));
  return lines.map((line) => JSON.parse(line) as Scene);
}

/** Writes the facts and gives the folder its final name. */
export async function finish(partial: string, folder: string, facts: DatasetFacts): Promise<void> {
  writeJson(join(partial, factsFile), facts);
  await rm(join(partial, parametersFile));
  if (await isEmptyOrAbsent(folder)) await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
}
