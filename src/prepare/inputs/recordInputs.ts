import type { RunSettings } from '../../training/settings.js';
import type { Prepared } from '../prepare.js';
import { contentHash, createTurns } from './contentHash.js';
import { type InputFile, inputFiles } from './inputFiles.js';
import { type InputEntry, stampOf, writeInputRecord } from './inputRecord.js';

/** What is known of inputs already, by key and name. */
export type KnownInputs = ReadonlyMap<string, InputEntry>;

export const inputId = ({ key, name }: Pick<InputEntry, 'key' | 'name'>): string => `${key}\0${name}`;

/** A file's entry; its bytes are hashed where they are not known for this size and time. */
async function entryOf(
  { key, name, path, sampling }: InputFile,
  known: KnownInputs,
  turn: ReturnType<typeof createTurns>,
  signal: AbortSignal | undefined,
): Promise<InputEntry> {
  const before = known.get(inputId({ key, name }));
  const stamp = stampOf(path);
  const entry = { key, name, ...stamp };
  if (stamp.bytes === undefined) return entry;
  if (before?.hash && before.bytes === stamp.bytes && before.modified === stamp.modified) return before;
  try {
    const steps = contentHash(path, sampling);
    for (;;) {
      if (signal?.aborted) return entry;
      const { done, value } = steps.next();
      if (done) return { ...entry, hash: value };
      await turn();
    }
  } catch {
    return entry; // it can't be read: the run says so where it needs it
  }
}

/**
 * Records what every file that a run reads holds, while the run goes on; done when the promise is. Stopped by the
 * signal, it leaves out the bytes of the files that it has not read.
 */
export async function recordInputs(
  target: string,
  settings: RunSettings,
  prepared: Prepared,
  {
    known = new Map(),
    files = [],
    signal,
  }: {
    readonly known?: KnownInputs;
    /** Of what was added to the modules. */
    readonly files?: readonly string[];
    readonly signal?: AbortSignal | undefined;
  },
): Promise<void> {
  const turn = createTurns();
  const entries: InputEntry[] = [];
  for (const file of inputFiles(settings, prepared, files)) {
    entries.push(await entryOf(file, known, turn, signal));
    if (!signal?.aborted) await turn();
  }
  writeInputRecord(target, entries);
}
