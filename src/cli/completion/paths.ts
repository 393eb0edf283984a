import { type Dirent, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileStatus } from '../../system/fileStatus.js';
import { type Candidate, candidate } from './candidate.js';

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder || '.', { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Folders, and files that `wanted` takes, whose path begins as the word does; hidden ones when a dot is typed. */
export function paths(word: string, wanted: (name: string) => boolean): Candidate[] {
  const slash = word.lastIndexOf('/') + 1;
  const [folder, start] = [word.slice(0, slash), word.slice(slash)];
  return entriesOf(folder)
    .filter(({ name }) => name.startsWith(start) && (start.startsWith('.') || !name.startsWith('.')))
    .map((entry) => ({ name: entry.name, isFolder: isFolder(folder, entry) }))
    .filter(({ name, isFolder: inside }) => inside || wanted(name))
    .map(({ name, isFolder: inside }) => ({ value: `${folder}${name}${inside ? '/' : ''}` }));
}

/** A folder, or a link to one. */
const isFolder = (folder: string, entry: Dirent): boolean =>
  entry.isDirectory() ||
  (entry.isSymbolicLink() && (fileStatus(join(folder, entry.name))?.isDirectory() ?? false));

const isRun = (folder: string): boolean => existsSync(join(folder, 'recipe.json'));

const RUNS = 'runs';

/** Run folders, whole; other folders, to go on inside them. */
export function runFolders(word: string): Candidate[] {
  const folders = paths(word, () => false).map(({ value }) => value);
  const beside = folders.map((value) =>
    isRun(value) ? candidate(value.slice(0, -1), 'a run') : candidate(value),
  );
  const usual = entriesOf(RUNS)
    .map(({ name }) => `${RUNS}/${name}`)
    .filter((value) => value.startsWith(word) && isRun(value))
    .map((value) => candidate(value, 'a run'));
  return word.includes('/') ? beside : [...usual, ...beside];
}
