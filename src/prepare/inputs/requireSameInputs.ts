import { basename, isAbsolute, join } from 'node:path';
import { type Problem, UsageError } from '../../base/errors.js';
import { someOf } from '../../base/lists.js';
import type { OnProgress } from '../../base/progress.js';
import { stopIfAsked } from '../../system/stopIfAsked.js';
import type { RunSettings } from '../../training/settings.js';
import { contentHash, createTurns, MANY, NAMED } from './contentHash.js';
import { inputPaths, modelFiles, modelFolders, USE_KEY } from './inputFiles.js';
import { type InputEntry, readInputRecord, stampOf } from './inputRecord.js';
import { inputId, type KnownInputs } from './recordInputs.js';

/** What became of a file since the run started. */
type Change = 'other' | 'unknown' | 'missing' | 'new';

const WORDS: Readonly<Record<Change, { readonly one: string; readonly many: string }>> = {
  other: {
    one: 'has other contents than when the run started',
    many: 'have other contents than when the run started',
  },
  unknown: {
    one: 'was written since, and the run was stopped before it had noted what it held',
    many: 'were written since, and the run was stopped before it had noted what they held',
  },
  missing: { one: 'is missing', many: 'are missing' },
  new: { one: 'was not there when the run started', many: 'were not there when the run started' },
};

/** Names of changed files that are told. */
const NAMES = 3;

/** One problem for each key and kind of change. */
function tell(changes: ReadonlyMap<string, readonly [Change, InputEntry][]>): Problem[] {
  const expected = 'the files as they were, or a run from the start (overwrite: true)';
  return [...changes].flatMap(([where, found]) =>
    (Object.keys(WORDS) as Change[]).flatMap((change): Problem[] => {
      const names = found.flatMap(([one, { name }]) => (one === change ? [name] : []));
      if (names.length === 0) return [];
      const { one, many } = WORDS[change];
      if (names.length === 1) return [{ where, message: `${names[0]} ${one}`, expected }];
      const message = `${names.length} files ${many}: ${someOf(names, NAMES)}`;
      return [{ where, message, expected }];
    }),
  );
}

/** How a comparison is followed and stopped. */
export interface CompareOptions {
  readonly onProgress?: OnProgress | undefined;
  readonly onLog?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Files of what was added to the modules. */
  readonly files?: readonly string[];
}

/** Drives a hash to its end, in turns with the rest of the process. */
async function hashOf(path: string, isNamed: boolean, turn: ReturnType<typeof createTurns>): Promise<string> {
  const steps = contentHash(path, isNamed ? NAMED : MANY);
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    await turn();
  }
}

/** What became of one file: its change, or its entry with the size and time of now. */
async function look(
  entry: InputEntry,
  path: string,
  isNamed: boolean,
  turn: ReturnType<typeof createTurns>,
): Promise<Change | InputEntry> {
  const stamp = stampOf(path);
  if (stamp.bytes === undefined) return entry.bytes === undefined ? entry : 'missing';
  if (entry.bytes === undefined) return 'new';
  if (stamp.bytes !== entry.bytes) return 'other';
  if (stamp.modified === entry.modified) return entry;
  if (entry.hash === undefined) return 'unknown';
  return (await hashOf(path, isNamed, turn)) === entry.hash ? { ...entry, ...stamp } : 'other';
}

/** A file under a key of the recipe. */
function pathOf(name: string, base: string | undefined): string {
  if (name === '') return base ?? '';
  return isAbsolute(name) ? name : join(base ?? '.', name);
}

/** The file of that name among those that added something, wherever it lies now; else a name that is not there. */
const moduleFile = (name: string, files: readonly string[]): string =>
  files.find((file) => basename(file) === name) ?? '';

/** Files of models that appeared beside those that the run started with. */
function newModelFiles(settings: RunSettings, known: KnownInputs): InputEntry[] {
  return [...modelFolders(settings)].flatMap(([key, folder]) =>
    modelFiles(folder)
      .map((name) => ({ key, name }))
      .filter((entry) => !known.has(inputId(entry))),
  );
}

/**
 * Compares every file that a run read, as its record has them, with what lies there now: size and time first, bytes
 * where the time differs. Throws UsageError that tells key by key what changed. Returns what is known, for the record
 * that will be written anew; nothing where the run has no record.
 */
export async function requireSameInputs(
  record: string,
  settings: RunSettings,
  { onProgress, onLog, signal, files = [] }: CompareOptions = {},
): Promise<KnownInputs> {
  const entries = readInputRecord(record);
  if (!entries) {
    onLog?.(`${record} is not there: whether the data changed since the run started is not known`);
    return new Map();
  }
  const [paths, models] = [inputPaths(settings), modelFolders(settings)];
  const known = new Map<string, InputEntry>();
  const changes = new Map<string, [Change, InputEntry][]>();
  const note = (change: Change, entry: InputEntry) =>
    changes.set(entry.key, [...(changes.get(entry.key) ?? []), [change, entry]]);
  const turn = createTurns();
  for (const [index, entry] of entries.entries()) {
    const { key, name } = entry;
    const path = key === USE_KEY ? moduleFile(name, files) : pathOf(name, paths.get(key));
    const isNamed = name === '' || key === USE_KEY || models.has(key);
    const found = await look(entry, path, isNamed, turn);
    if (typeof found === 'string') note(found, name === '' ? { ...entry, name: basename(path) } : entry);
    else known.set(inputId(entry), found);
    const wait = turn();
    if (!wait) continue;
    await wait;
    onProgress?.({ stage: 'inputs', done: index + 1, total: entries.length, unit: 'file' });
    await stopIfAsked(signal, 'while files were compared');
  }
  const all: KnownInputs = new Map(entries.map((entry) => [inputId(entry), entry]));
  for (const entry of newModelFiles(settings, all)) note('new', entry);
  const problems = tell(changes);
  if (problems.length > 0) throw new UsageError(problems);
  return known;
}
