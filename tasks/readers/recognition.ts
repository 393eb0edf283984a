import { posix } from 'node:path';
import type { Json } from '../../src/base/json.js';
import type { FolderListing } from '../../src/data/folderListing.js';
import type { SplitName, Splits } from '../example.js';

/** How datasets call their splits, the likeliest word first. */
const WORDS: Readonly<Record<SplitName, readonly string[]>> = {
  train: ['train', 'train2014', 'train2017'],
  validation: ['val', 'dev', 'val2014', 'val2017', 'minival', 'validation'],
  test: ['test', 'test1', 'test2015', 'test2014', 'test2017'],
};

const SPLITS = Object.keys(WORDS) as SplitName[];

const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');

/** Steps from the folder of a file to a path, up and down. */
function distance(file: string, path: string): number {
  const [from, to] = [partsOf(posix.dirname(file)), partsOf(path)];
  const shared = to.findIndex((part, at) => part !== from[at]);
  const common = shared === -1 ? to.length : shared;
  return from.length - common + (to.length - common);
}

/** The path that lies nearest to a file. */
function nearest(file: string, paths: readonly string[]): string | undefined {
  const placed = paths.map((path) => ({ path, steps: distance(file, path) }));
  return placed.sort((a, b) => a.steps - b.steps || (a.path < b.path ? -1 : 1))[0]?.path;
}

/** The file of that name which lies nearest to another file. */
export const fileNear = ({ files }: FolderListing, file: string, name: string): string | undefined =>
  nearest(
    file,
    files.filter((path) => posix.basename(path) === name),
  );

/** Folders with pictures and the folders that they lie in. */
function foldersAbove({ pictureFolders }: FolderListing): string[] {
  const above = pictureFolders.flatMap((folder) => {
    const parts = partsOf(folder);
    return parts.map((_, at) => parts.slice(0, at + 1).join('/'));
  });
  return [...new Set(above)];
}

/** The folder with pictures, in itself or below it, that has the first of these names; of several the nearest one. */
export function picturesNear(
  listing: FolderListing,
  file: string,
  names: readonly string[],
): string | undefined {
  const folders = foldersAbove(listing);
  for (const name of names) {
    const found = nearest(
      file,
      folders.filter((folder) => posix.basename(folder) === name),
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What was found of a split; what was not is undefined. */
type Found = Readonly<Record<string, Json | undefined>>;

/** Leaves out what was not found. */
const found = (split: Found): Readonly<Record<string, Json>> =>
  Object.fromEntries(Object.entries(split).filter(([, value]) => value !== undefined)) as Record<
    string,
    Json
  >;

/** The file whose name matches, its first group being one of the words, the likeliest word first, then the highest one. */
function fileOf({ files }: FolderListing, pattern: RegExp, words: readonly string[]) {
  for (const word of words) {
    const named = files.filter((path) => pattern.exec(posix.basename(path))?.[1] === word);
    const [file] = named.sort((a, b) => partsOf(a).length - partsOf(b).length || (a < b ? -1 : 1));
    if (file !== undefined) return { file, word };
  }
  return undefined;
}

/**
 * The splits of a dataset that has a file for each.
 * @param pattern of the name of that file; its first group is the word of the split
 * @param describe the split from that file and its word; undefined: it is none
 */
export function splitsByFile(
  listing: FolderListing,
  pattern: RegExp,
  describe: (file: string, word: string) => Found | undefined,
): Splits {
  const entries = SPLITS.flatMap((split) => {
    const named = fileOf(listing, pattern, WORDS[split]);
    const described = named && describe(named.file, named.word);
    return described ? [[split, found(described)] as const] : [];
  });
  return Object.fromEntries(entries);
}

/**
 * The splits of a dataset that has one file for all.
 * @param pattern of the name of that file
 * @param describe the split from that file; undefined: there is no such split
 */
export function splitsOfOneFile(
  { files }: FolderListing,
  pattern: RegExp,
  describe: (file: string, split: SplitName) => Found | undefined,
): Splits {
  const file = files.find((path) => pattern.test(posix.basename(path)));
  if (file === undefined) return {};
  const entries = SPLITS.flatMap((split) => {
    const described = describe(file, split);
    return described ? [[split, found(described)] as const] : [];
  });
  return Object.fromEntries(entries);
}
