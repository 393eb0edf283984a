import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isJsonObject, readJsonObject, writeJson } from '../checkpoints/jsonFile.js';
import { UsageError } from '../errors.js';
import { type Checkpoint, checkpointSteps, readCheckpoint } from './checkpoint.js';
import type { RunSettings } from './settings.js';

/** Where the files of a run lie. */
export interface RunFolder {
  /** As the user named it. */
  readonly path: string;
  readonly recipe: string;
  readonly environment: string;
  readonly metrics: string;
  /** How long updates and evaluations took. */
  readonly timings: string;
  /** Event files of TensorBoard. */
  readonly events: string;
  readonly summary: string;
  readonly predictions: string;
  /** Of the best evaluation; only without a test set. */
  readonly validationPredictions: string;
  /** Predictions in the formats of official evaluations. */
  readonly submission: string;
  readonly adapter: string;
  readonly backbone: string;
  readonly checkpoints: string;
  /** Where the time went, for Perfetto. */
  readonly profile: string;
  /** What the report is made of besides. */
  readonly recorded: string;
  readonly report: string;
}

/** The names of everything in a run folder. */
export const runFolder = (path: string): RunFolder => ({
  path,
  recipe: join(path, 'recipe.json'),
  environment: join(path, 'environment.json'),
  metrics: join(path, 'metrics.jsonl'),
  timings: join(path, 'timings.jsonl'),
  events: join(path, 'events'),
  summary: join(path, 'summary.json'),
  predictions: join(path, 'predictions_test.json'),
  validationPredictions: join(path, 'predictions_validation.json'),
  submission: join(path, 'submission'),
  adapter: join(path, 'adapter'),
  backbone: join(path, 'backbone'),
  checkpoints: join(path, 'checkpoints'),
  profile: join(path, 'profile.json'),
  recorded: join(path, 'report'),
  report: join(path, 'report.html'),
});

/** What to do with what an earlier run left in the folder. */
export interface OpenOptions {
  /** Go on from the last checkpoint. */
  readonly resume?: boolean | undefined;
  /** Remove it. */
  readonly overwrite?: boolean | undefined;
}

/** Keys that may differ when a run is resumed: they change nothing that is computed. */
const FREE = new Set(['$schema', 'name', 'output']);

function differences(before: unknown, now: unknown, path = ''): string[] {
  if (isDeepStrictEqual(before, now)) return [];
  if (!isJsonObject(before) || !isJsonObject(now)) return [path];
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].flatMap((key) =>
    path === '' && FREE.has(key) ? [] : differences(before[key], now[key], path ? `${path}.${key}` : key),
  );
}

/** Where the recipe that a folder's run was started with differs from this one; name and output may. */
export function changedKeys(path: string, settings: RunSettings): string[] {
  const now: unknown = JSON.parse(JSON.stringify(settings));
  return differences(readJsonObject(runFolder(path).recipe), now);
}

function requireSameRecipe({ path, recipe }: RunFolder, settings: RunSettings): void {
  const changed = changedKeys(path, settings);
  if (changed.length === 0) return;
  throw new UsageError(
    changed.map((where) => ({
      file: recipe,
      where,
      message: 'differs from the recipe of the run that is to be resumed',
      expected: 'resume with the same recipe, or choose another output',
    })),
  );
}

/** What an earlier run left in a folder that is worth keeping. */
export function earlierRun(path: string): 'finished' | 'interrupted' | undefined {
  const folder = runFolder(path);
  if (existsSync(folder.summary)) return 'finished';
  return checkpointSteps(folder.checkpoints).length > 0 ? 'interrupted' : undefined;
}

function refuseToOverwrite(path: string): void {
  const earlier = earlierRun(path);
  if (!earlier) return;
  const finished = earlier === 'finished';
  throw new UsageError({
    file: path,
    message: finished ? 'this folder holds a finished run' : 'this folder holds a run that was interrupted',
    expected: finished
      ? 'choose another output, or overwrite it'
      : 'resume it, overwrite it, or choose another output',
  });
}

export function requireWritable(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isFile = code === 'EEXIST' || code === 'ENOTDIR';
    const message = isFile ? 'there is a file in the way' : `this folder can not be written (${code})`;
    throw new UsageError({ file: path, message, expected: 'choose another output' });
  }
}

/** Throws UsageError where the folder is there and holds anything. */
export function requireEmpty(folder: string, expected = 'choose another'): void {
  if (!existsSync(folder) || readdirSync(folder).length === 0) return;
  throw new UsageError({ file: folder, message: 'this folder is not empty', expected });
}

/** Removes what a run writes, and nothing else that lies there. */
export function clearRunFolder({ path: _path, ...files }: RunFolder): void {
  for (const file of Object.values(files)) rmSync(file, { recursive: true, force: true });
}

/**
 * Makes sure that a run may use the folder, and makes it. Throws UsageError when it holds another run and neither
 * resume nor overwrite is asked, when the recipe of a run to be resumed has changed, and when it can't be written.
 */
export function checkRunFolder(
  path: string,
  settings: RunSettings,
  { resume = false, overwrite = false }: OpenOptions,
): void {
  if (resume && overwrite) throw new UsageError('resume and overwrite exclude each other');
  const folder = runFolder(path);
  if (resume && existsSync(folder.recipe)) requireSameRecipe(folder, settings);
  if (!resume && !overwrite) refuseToOverwrite(path);
  requireWritable(path);
}

/** Removes what an earlier run left, or, with `resume`, returns its last checkpoint; writes the recipe. */
export function openRunFolder(
  path: string,
  settings: RunSettings,
  { resume = false }: OpenOptions,
): { readonly folder: RunFolder; readonly checkpoint?: Checkpoint } {
  const folder = runFolder(path);
  if (!resume) clearRunFolder(folder);
  mkdirSync(path, { recursive: true });
  writeJson(folder.recipe, settings);
  const last = checkpointSteps(folder.checkpoints).at(-1);
  if (last === undefined) return { folder };
  return { folder, checkpoint: readCheckpoint(folder.checkpoints, last) };
}
