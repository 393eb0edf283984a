import { posix } from 'node:path';
import type { SplitName, Splits } from '../../tasks/example.js';
import type { AnyTask } from '../../tasks/task.js';
import type { Json } from '../base/json.js';
import { type FolderListing, listingBelow } from '../data/folderListing.js';
import { pathKeys, requiredKeys } from './splitFields.js';

/** A folder in which a task finds what it trains on. */
export interface DataFolder {
  /** As the listing has it; empty for the folder that was listed. */
  readonly folder: string;
  readonly splits: readonly SplitName[];
}

const MOST_LEVELS = 3;

/** The file that `vlgraft data make` writes at the top of what it makes. */
const DATASET = 'dataset.json';

const depthOf = (folder: string): number => (folder === '' ? 0 : folder.split('/').length);

/** Every folder of a listing down to a few levels, itself among them. */
function foldersOf({ files, pictureFolders }: FolderListing): string[] {
  const folders = new Set(['']);
  for (const path of [...files.map((file) => posix.dirname(file)), ...pictureFolders]) {
    const parts = path === '.' ? [] : path.split('/');
    for (let length = 1; length <= Math.min(parts.length, MOST_LEVELS); length++)
      folders.add(parts.slice(0, length).join('/'));
  }
  return [...folders];
}

/** Whether everything that a split must have was found. */
const isComplete = (task: AnyTask, split: Readonly<Record<string, Json>> | undefined): boolean =>
  split !== undefined && requiredKeys(task, split).every((key) => split[key] !== undefined);

const isBelow = (inner: string, outer: string): boolean =>
  inner !== outer && (outer === '' || inner.startsWith(`${outer}/`));

/** The nearest folder above, or this one, that is a dataset as this package makes them. */
function wholeDataset({ files }: FolderListing, folder: string): string {
  for (let at = folder; at !== ''; at = posix.dirname(at) === '.' ? '' : posix.dirname(at))
    if (files.includes(`${at}/${DATASET}`)) return at;
  return folder;
}

/** The folders below which a task recognises a training set, each the lowest one that holds all of it; fullest first. */
export function findDataFolders(task: AnyTask, listing: FolderListing): DataFolder[] {
  const complete = foldersOf(listing).flatMap((folder): DataFolder[] => {
    const splits = task.recognise?.(listingBelow(listing, folder)) ?? {};
    if (!isComplete(task, splits.train)) return [];
    return [
      {
        folder,
        splits: (Object.keys(splits) as SplitName[]).filter((name) => isComplete(task, splits[name])),
      },
    ];
  });
  const lowest = complete.filter(({ folder }) => !complete.some((other) => isBelow(other.folder, folder)));
  const whole = lowest.map((one) => ({ ...one, folder: wholeDataset(listing, one.folder) }));
  return whole.sort(
    (a, b) =>
      b.splits.length - a.splits.length ||
      depthOf(a.folder) - depthOf(b.folder) ||
      (a.folder < b.folder ? -1 : 1),
  );
}

/** The splits that a task recognises in a folder, their paths as a recipe names them. */
export function recogniseSplits(task: AnyTask, folder: string, listing: FolderListing): Splits {
  const placed = (split: Readonly<Record<string, Json>>) => {
    const paths = new Set(pathKeys(task, split));
    const entries = Object.entries(split).map(([key, value]) => [
      key,
      paths.has(key) ? posix.join(folder, String(value)) : value,
    ]);
    return Object.fromEntries(entries);
  };
  return Object.fromEntries(
    Object.entries(task.recognise?.(listing) ?? {}).map(([name, split]) => [name, placed(split)]),
  );
}
