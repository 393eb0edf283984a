import { type Dirent, readdirSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { addAll } from '../base/lists.js';

/** What lies in a folder and below it; paths are relative to it, with slashes. */
export interface FolderListing {
  /** Files that are no pictures; of a folder with very many, the first ones by name. */
  readonly files: readonly string[];
  /** Folders that hold pictures themselves. */
  readonly pictureFolders: readonly string[];
}

const PICTURES = new Set(['.jpg', '.jpeg', '.png', '.webp', '.gif', '.bmp']);

/** Folders that are never looked into, besides hidden ones. */
const SKIPPED = new Set(['node_modules', '__pycache__', 'dist']);

/** Bounds, so that a listing ends soon wherever it is made. */
const MOST_LEVELS = 5;
const MOST_FOLDERS = 3000;
const MOST_FILES = 200;
const MOST_SUBFOLDERS = 50;

const isPicture = (name: string): boolean => PICTURES.has(extname(name).toLowerCase());

function entriesOf(folder: string): Dirent[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch {
    return []; // one that can't be read has nothing to offer
  }
}

function isFolder(entry: Dirent, path: string): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Looks into a folder and a few levels below it; what can't be read is left out. */
export function listFolder(root: string): FolderListing {
  const files: string[] = [];
  const pictureFolders: string[] = [];
  let level = [''];
  let seen = 0;
  for (let depth = 0; depth <= MOST_LEVELS && level.length > 0; depth++) {
    const next: string[] = [];
    for (const folder of level.slice(0, MOST_FOLDERS - seen)) {
      seen += 1;
      const entries = entriesOf(join(root, folder)).filter(({ name }) => !name.startsWith('.'));
      const inside = (name: string) => (folder === '' ? name : `${folder}/${name}`);
      const folders = new Set(
        entries.filter((entry) => isFolder(entry, join(root, inside(entry.name)))).map(({ name }) => name),
      );
      const names = entries.map(({ name }) => name).filter((name) => !folders.has(name));
      if (names.some(isPicture)) pictureFolders.push(folder);
      addAll(
        files,
        names
          .filter((name) => !isPicture(name))
          .slice(0, MOST_FILES)
          .map(inside),
      );
      addAll(
        next,
        [...folders]
          .filter((name) => !SKIPPED.has(name))
          .slice(0, MOST_SUBFOLDERS)
          .map(inside),
      );
    }
    level = next;
  }
  return { files, pictureFolders };
}

/** The part of a listing that lies in one of its folders, relative to that. */
export function listingBelow({ files, pictureFolders }: FolderListing, folder: string): FolderListing {
  if (folder === '') return { files, pictureFolders };
  const start = `${folder}/`;
  const below = (paths: readonly string[]) =>
    paths.filter((path) => path.startsWith(start)).map((path) => path.slice(start.length));
  const own = pictureFolders.includes(folder) ? [''] : [];
  return { files: below(files), pictureFolders: [...own, ...below(pictureFolders)] };
}
