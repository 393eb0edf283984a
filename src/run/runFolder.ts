import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { type Problem, UsageError } from '../base/errors.js';
import { isJsonObject } from '../base/json.js';
import { readJsonObject, writeJson } from '../checkpoints/jsonFile.js';
import {
  claimFiles,
  claimMore,
  removeOwned,
  removeTemporary,
  requireFree,
  requireOwned,
} from '../checkpoints/ownedFolder.js';
import { type RunFolder, runFolder, runNames } from '../checkpoints/runFiles.js';
import { makeFolder } from '../system/makeFolder.js';
import { type Checkpoint, checkpointSteps } from '../training/checkpoint.js';
import type { RunSettings } from '../training/settings.js';
import { lateFiles, runClaim } from './claims.js';
import { findResumePoint } from './resumePoint.js';

/** Lists what is written when the training is over. Throws UsageError with every file of the user's in its place. */
export const claimResults = (path: string, options: OpenOptions): void => claimMore(path, lateFiles(options));

/** What to do with what an earlier run left in the folder. */
export interface OpenOptions {
  /** Go on from the last checkpoint. */
  readonly resume?: boolean | undefined;
  /** Remove what it wrote; other files stay. */
  readonly overwrite?: boolean | undefined;
  /** Whether a profile will be written too. */
  readonly profile?: boolean | undefined;
}

/** Keys that may differ when a run is resumed: they change nothing that is computed. */
const FREE = new Set(['$schema', 'name', 'description', 'output', 'cache.folder', 'cache.limit']);

/** A key that two recipes have different values of; undefined: it is not given. */
interface ChangedKey {
  /** `training.epochs`, `adapters[0].rank`. */
  readonly where: string;
  readonly before: unknown;
  readonly now: unknown;
}

const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

function differences(before: unknown, now: unknown, where = ''): ChangedKey[] {
  if (isDeepStrictEqual(before, now)) return [];
  if (isList(before) && isList(now) && before.length === now.length)
    return before.flatMap((item, index) => differences(item, now[index], `${where}[${index}]`));
  if (!isJsonObject(before) || !isJsonObject(now)) return [{ where, before, now }];
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].flatMap((key) => {
    const place = where ? `${where}.${key}` : key;
    return FREE.has(place) ? [] : differences(before[key], now[key], place);
  });
}

const LONGEST_VALUE = 60;

function show(value: unknown): string {
  const text = value === undefined ? 'not given' : JSON.stringify(value);
  return text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE - 3)}...` : text;
}

/**
 * Where the recipe that a folder's run was started with differs from this one; name and output may.
 * @param expected what to do about it
 */
export function changedKeys(path: string, settings: RunSettings, expected: string): Problem[] {
  const now: unknown = JSON.parse(JSON.stringify(settings));
  const file = runFolder(path).recipe;
  return differences(readJsonObject(file), now).map(({ where, before, now: here }) => ({
    file,
    where,
    message: `it was ${show(before)} in the run that lies here, it is ${show(here)} now`,
    expected,
  }));
}

function requireSameRecipe({ path }: RunFolder, settings: RunSettings): void {
  const changed = changedKeys(path, settings, 'resume with the same recipe, or choose another output');
  if (changed.length > 0) throw new UsageError(changed);
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
      ? 'overwrite it (overwrite: true), or choose another output'
      : 'resume it (resume: true), overwrite it (overwrite: true), or choose another output',
  });
}

/**
 * Makes sure that a run may use the folder. Throws UsageError when it holds anything that no run of vlgraft wrote, when
 * it holds another run and neither resume nor overwrite is asked, when the recipe of a run to be resumed has changed,
 * and when files of the user's stand where some will be written.
 */
export function checkRunFolder(path: string, settings: RunSettings, options: OpenOptions): void {
  const { resume = false, overwrite = false } = options;
  if (resume && overwrite) throw new UsageError('resume and overwrite exclude each other');
  const folder = runFolder(path);
  requireOwned(path, 'run');
  if (resume && existsSync(folder.recipe)) requireSameRecipe(folder, settings);
  if (!resume && !overwrite) refuseToOverwrite(path);
  requireFree(path, runClaim(options));
}

/**
 * Removes what an earlier run wrote, or, with `resume`, returns its last whole checkpoint; lists what this run will write
 * while it trains, and writes the recipe, which goes never: the run may have been started from it.
 */
export function openRunFolder(
  path: string,
  settings: RunSettings,
  options: OpenOptions & { readonly onLog?: ((line: string) => void) | undefined },
): { readonly folder: RunFolder; readonly checkpoint?: Checkpoint } {
  const folder = runFolder(path);
  const claim = runClaim(options);
  makeFolder(path);
  if (options.resume) removeTemporary(path, claim);
  else removeOwned(path, claim, [runNames.recipe]);
  const late = lateFiles(options);
  claimFiles(path, { ...claim, files: claim.files.filter((name) => !late.includes(name)) });
  const checkpoint = findResumePoint(folder.checkpoints, options.onLog);
  writeJson(folder.recipe, settings);
  return { folder, ...(checkpoint && { checkpoint }) };
}
