import { existsSync, lstatSync, readdirSync, realpathSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Problem, UsageError } from '../base/errors.js';
import { someOf } from '../base/lists.js';
import { isTemporaryOf } from './atomicFile.js';
import { LOCK, requireWritable } from './folderLock.js';
import {
  described,
  type FolderKind,
  type FolderMarker,
  MARKER,
  readMarker,
  statusOf,
  writeMarker,
} from './folderMarker.js';

/** What is about to be written into a folder. */
export interface Claim {
  readonly kind: FolderKind;
  /** Relative to the folder, with `/`. */
  readonly files: readonly string[];
  /** Names that are made while the work goes on, such as those of checkpoints; they are listed when it is finished. */
  readonly generated?: RegExp;
}

/** What may stand in a folder that counts as empty: locks, and a marker whose writing was cut short. */
const isOwnDebris = (name: string): boolean =>
  name === LOCK || name.startsWith(`${LOCK}.`) || isTemporaryOf(name, (file) => file === MARKER);

const SHOWN = 3;

/** Every file below a folder, relative, with `/`; symbolic links are files and never followed. */
function filesBelow(folder: string, within = ''): string[] {
  return readdirSync(join(folder, within), { withFileTypes: true }).flatMap((entry) => {
    const name = within ? `${within}/${entry.name}` : entry.name;
    return entry.isDirectory() ? filesBelow(folder, name) : [name];
  });
}

/** What stands in a folder that no marker speaks for. */
const contentsOf = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => !isOwnDebris(name))
        .sort()
    : [];

const looksLikeRun = (names: readonly string[]): boolean =>
  names.includes('recipe.json') && (names.includes('summary.json') || names.includes('checkpoints'));

function refuseForeign(folder: string, names: readonly string[]): never {
  const run = looksLikeRun(names);
  throw new UsageError({
    file: folder,
    message: run
      ? `this folder holds a run of an earlier vlgraft, which kept no list of its files (${MARKER})`
      : `this folder is not empty and was not written by vlgraft: it holds ${someOf(names, SHOWN)}`,
    expected: run
      ? 'choose another output, or move the folder away; evaluate, predict and report still read it'
      : 'choose another output: a new or empty folder',
  });
}

/**
 * The marker of a folder that may be written; undefined where the folder is empty or not there. Throws UsageError where
 * it holds something else, or another kind of vlgraft's folders. Nothing is changed.
 */
export function requireOwned(folder: string, kind: FolderKind): FolderMarker | undefined {
  if (existsSync(folder) && !lstatSync(realpathSync(folder)).isDirectory()) return undefined; // the lock tells
  const marker = readMarker(folder);
  if (!marker) {
    const names = contentsOf(folder);
    if (names.length > 0) refuseForeign(folder, names);
    return undefined;
  }
  if (marker.kind === kind) return marker;
  const message = `this folder holds ${described(marker.kind)}, not ${described(kind)}`;
  throw new UsageError({ file: folder, message, expected: 'choose another output' });
}

/** As `requireOwned`; what is finished there is refused too, unless it may be overwritten. */
export function requireReplaceable(folder: string, kind: FolderKind, overwrite: boolean): void {
  if (!requireOwned(folder, kind)?.finished || overwrite) return;
  throw new UsageError({
    file: folder,
    message: `this folder holds ${described(kind)}`,
    expected: 'overwrite it (overwrite: true), or choose another output',
  });
}

/** Whether vlgraft wrote a file, or was writing it when it was killed. */
function ownership({ files }: Pick<FolderMarker, 'files'>, generated?: RegExp) {
  const listed = new Set(files);
  const isOwn = (name: string): boolean => listed.has(name) || (generated?.test(name) ?? false);
  return (name: string): boolean => isOwn(name) || isTemporaryOf(name, isOwn);
}

/** The parts of a path that lead to it: `a`, `a/b` for `a/b/c`. */
const parentsOf = (name: string): string[] =>
  name.split('/').flatMap((_, at, parts) => (at === 0 ? [] : [parts.slice(0, at).join('/')]));

/** What is in the way of writing or removing a file by its name. */
function obstacle(folder: string, name: string, isOwn: (name: string) => boolean): Problem[] {
  const refuse = (at: string, message: string): Problem[] => [
    { file: join(folder, at), message, expected: 'move it away, or choose another output' },
  ];
  for (const parent of parentsOf(name)) {
    const status = statusOf(join(folder, parent));
    if (status?.isSymbolicLink())
      return refuse(parent, 'this is a symbolic link, where a folder will be written');
    if (status && !status.isDirectory())
      return refuse(parent, 'this is a file, where a folder will be written');
  }
  const status = statusOf(join(folder, name));
  if (!status) return [];
  if (status.isDirectory()) return refuse(name, 'this is a folder, where a file will be written');
  return isOwn(name) ? [] : refuse(name, 'vlgraft did not write this file, and would write one of this name');
}

const unique = (problems: readonly Problem[]): Problem[] => [
  ...new Map(problems.map((problem) => [`${problem.file} ${problem.message}`, problem])).values(),
];

/** Throws UsageError with every file and link of the user's that stands where one will be written. Nothing is changed. */
export function requireFree(folder: string, { kind, files, generated }: Claim): void {
  const marker = requireOwned(folder, kind);
  const isOwn = ownership(marker ?? { files: [] }, generated);
  const names = [...files, ...(marker?.files ?? [])];
  const problems = unique(names.flatMap((name) => obstacle(folder, name, isOwn)));
  if (problems.length > 0) throw new UsageError(problems);
}

/**
 * Lists files as vlgraft's before they are written, so that a run which is killed leaves nothing that the next one does
 * not know. The folder must be there. Throws as `requireFree`.
 */
export function claimFiles(folder: string, claim: Claim): void {
  requireFree(folder, claim);
  const kept = (readMarker(folder)?.files ?? []).filter((name) => statusOf(join(folder, name)));
  writeMarker(folder, { kind: claim.kind, finished: false, files: [...kept, ...claim.files] });
}

/** Adds files to a folder's list before they are written; a folder without a marker has no list, and is left so. */
export function claimMore(folder: string, files: readonly string[]): void {
  const marker = readMarker(folder);
  if (!marker) return;
  requireFree(folder, { kind: marker.kind, files });
  writeMarker(folder, { ...marker, files: [...marker.files, ...files] });
}

function removeEmpty(folder: string, name: string): void {
  const path = join(folder, name);
  if (statusOf(path)?.isDirectory() && readdirSync(path).length === 0) rmdirSync(path);
}

function removeFiles(folder: string, names: readonly string[]): void {
  for (const name of names) rmSync(join(folder, name), { force: true });
  const parents = new Set(names.flatMap(parentsOf));
  for (const parent of [...parents].sort((a, b) => b.length - a.length)) removeEmpty(folder, parent);
}

/**
 * Removes the files that vlgraft wrote, and folders that are empty then; anything else stays.
 * @param kept names that stay too
 */
export function removeOwned(folder: string, { kind, generated }: Claim, kept: readonly string[] = []): void {
  const marker = requireOwned(folder, kind);
  if (!marker) return;
  const isOwn = ownership(marker, generated);
  removeFiles(
    folder,
    filesBelow(folder).filter((name) => isOwn(name) && !kept.includes(name)),
  );
}

/** Removes what writing left that was cut short: temporary files and checkpoints of vlgraft's own names. */
export function removeTemporary(folder: string, { kind, generated }: Claim): void {
  const marker = requireOwned(folder, kind);
  if (!marker) return;
  const isOwn = ownership(marker, generated);
  const isCutShort = (name: string) =>
    isOwn(name) && (isTemporaryOf(name, isOwn) || dirname(name).endsWith('.tmp'));
  removeFiles(folder, filesBelow(folder).filter(isCutShort));
}

/**
 * Writes a folder in place of what vlgraft wrote there before; it is made where there is none. Throws as `requireFree`,
 * with nothing changed.
 */
export function replaceFolder<T>(folder: string, claim: Claim, write: () => T): T {
  requireFree(folder, claim);
  requireWritable(folder);
  removeOwned(folder, claim);
  claimFiles(folder, claim);
  const written = write();
  finishFolder(folder, claim);
  return written;
}

/** Says that all is written: the list names what is there. */
export function finishFolder(folder: string, { kind, generated }: Claim): void {
  const marker = requireOwned(folder, kind);
  if (!marker) return;
  const files = filesBelow(folder).filter(ownership(marker, generated));
  writeMarker(folder, { kind, finished: true, files });
}
