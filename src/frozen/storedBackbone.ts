import { formatBytes } from '../base/figures.js';
import type { HostBatch, InputBatch } from '../base/hostTensor.js';
import type { OnProgress } from '../base/progress.js';
import type { Processor } from '../data/sequence.js';
import type { CacheOptions } from '../training/settings.js';
import { type CutDescription, describeProspect, requireLimit, requireRoom, unused } from './decide.js';
import { fillStore } from './fillStore.js';
import { CannotStore, type KnownValues, type LookedAt, lookAt } from './lookAt.js';
import { lookAhead, openSets, type Prospect } from './openStore.js';
import { inputNames } from './probe.js';
import type { EntrySet } from './store/entrySet.js';
import { MOST_BYTES } from './store/memoryEntries.js';
import type { StoreParts } from './storeParts.js';
import { createValueReader, type StreamStore } from './valueReader.js';
import { createValueWriter, type StreamSets } from './valueWriter.js';

/** Values of the frozen backbone that are read in place of being computed. */
interface StoredBackbone {
  /** Encodes each input once. */
  readonly processor: Processor;
  /** A batch of that processor's sequences with the values that it asks for. */
  resolve(batch: HostBatch): Promise<InputBatch>;
  /** Frees device memory and closes files; what is stored stays. */
  close(): Promise<void>;
}

/** How opening is followed and settled. */
export interface OpenStoreOptions {
  readonly onProgress?: OnProgress | undefined;
  readonly onLog?: ((line: string) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** What a run that is resumed had settled. */
  readonly settled?: boolean | undefined;
}

/** What became of it: values are stored, or the reason why not. */
export interface OpenedStore {
  readonly description: CutDescription;
  readonly store?: StoredBackbone;
}

const OFF: CacheOptions = { mode: 'off', precision: 'exact' };

/** Why nothing is looked at; undefined where something is. */
function refusal({ mode }: CacheOptions, settled?: boolean): string | undefined {
  if (settled === false) return 'the run that is resumed was started without it';
  return mode === 'off' && settled !== true ? 'it is switched off (cache.mode)' : undefined;
}

/** Why values can't be stored; throws what is another error. */
function reasonOf(error: unknown): string {
  if (error instanceof CannotStore) return error.message;
  throw error;
}

/** Passes of batches, by the names of their inputs; those that were not looked at yet are. */
function createLooking({ model }: StoreParts, { book, probe }: Prospect) {
  const calls = new Map(probe.calls);
  const known: KnownValues = new Map([...calls.values()].flat().flatMap(({ frozen }) => [...frozen]));
  return async (batch: HostBatch): Promise<readonly LookedAt[]> => {
    const signature = inputNames(batch);
    const found = calls.get(signature);
    if (found) return found;
    const looked = lookAt(model, batch, { ownInputs: await book.ownInputs(batch), known, training: false });
    calls.set(signature, looked);
    return looked;
  };
}

/** What is open for a run. */
interface Open {
  readonly prospect: Prospect;
  readonly streams: readonly StreamSets[];
  readonly stores: readonly StreamStore[];
}

async function closeAll({ prospect, streams, stores }: Open): Promise<void> {
  for (const { writer } of stores) writer.dispose();
  await prospect.book.flush();
  for (const { sets } of streams) for (const set of sets) await set.close();
  await prospect.records.close();
}

type Failing = Pick<EntrySet, 'damaged' | 'failure'>;

/** Tells of each damaged file once, and once of a disk that takes no more. */
function createTelling(sets: readonly Failing[], onLog: OpenStoreOptions['onLog']) {
  const told = new Set<string>();
  const once = (key: string, line: string) => {
    if (!told.has(key)) onLog?.(line);
    told.add(key);
  };
  return (fitsMemory: boolean): void => {
    for (const file of sets.flatMap(({ damaged }) => [...damaged]))
      once(file, `cache: ${file} was missing, cut or damaged: what it lacks is made anew`);
    const failure = sets.find((set) => set.failure !== undefined)?.failure;
    const instead = fitsMemory ? 'values are kept in memory' : 'what is missing is computed at each visit';
    if (failure !== undefined) once('failure', `cache: ${failure}; ${instead}`);
  };
}

/** Stores what is missing; the caller closes all where this throws. */
async function fill(
  parts: StoreParts,
  { prospect, stores }: Open,
  description: CutDescription,
  { onProgress, onLog, signal }: OpenStoreOptions,
  mustStore: boolean,
): Promise<StoredBackbone['resolve']> {
  const reader = createValueReader(prospect.book, stores);
  const start = performance.now();
  const fitsMemory = description.totalBytes <= MOST_BYTES;
  const entries = [prospect.records, ...stores.flatMap(({ sets }) => sets)];
  const tell = createTelling(entries, onLog);
  const computed = await fillStore(parts, prospect, stores, reader, {
    onProgress,
    signal,
    mustStore,
    fitsMemory,
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  tell(fitsMemory);
  onLog?.(
    `cache: ${description.what}, ${formatBytes(description.bytesPerExample)} an example; ` +
      (computed > 0 ? `${computed} sequences computed in ${seconds} s` : 'all of them were there'),
  );
  const look = createLooking(parts, prospect);
  return async (batch) => {
    const resolved = await reader.resolve(batch, await look(batch));
    tell(fitsMemory);
    return resolved;
  };
}

async function open(parts: StoreParts, options: CacheOptions, how: OpenStoreOptions): Promise<OpenedStore> {
  const mustStore = options.mode === 'on' || how.settled === true;
  const prospect = await lookAhead(parts, options);
  let opened: Open = { prospect, streams: [], stores: [] };
  try {
    const description = describeProspect(parts, prospect, mustStore);
    const streams = await openSets(parts, prospect);
    opened = { ...opened, streams };
    const { removed, lacking } = requireRoom(prospect, streams, description, options);
    for (const name of removed) how.onLog?.(`cache: set ${name} was removed to make room`);
    if (lacking !== undefined)
      for (const { sets } of streams) for (const set of sets) set.keepInMemory(lacking);
    const { processor } = parts.prepared;
    const stores = streams.map((stream) => ({
      ...stream,
      writer: createValueWriter(parts.model, processor, prospect.book, stream),
      complete: new Set<number>(),
    }));
    opened = { ...opened, stores };
    const resolve = await fill(parts, opened, description, how, mustStore);
    const close = () => closeAll(opened);
    return { description, store: { processor: prospect.book.processor, resolve, close } };
  } catch (error) {
    await closeAll(opened);
    throw error;
  }
}

/**
 * Stores the values of the frozen backbone that a run asks for, in so far as they are not there yet, and gives back how
 * to read them; or the reason why nothing is stored. Throws InterruptedError when it is stopped: what was stored stays.
 */
export async function openStoredBackbone(
  parts: StoreParts,
  how: OpenStoreOptions = {},
): Promise<OpenedStore> {
  const options = parts.settings.cache ?? OFF;
  const refused = refusal(options, how.settled);
  if (refused !== undefined) return { description: unused(refused) };
  try {
    return await open(parts, options, how);
  } catch (error) {
    return { description: unused(reasonOf(error)) };
  }
}

/** What a run by this recipe will store, bytes and reason, for a plan; nothing is stored. */
export async function describeCut(parts: StoreParts): Promise<CutDescription> {
  const options = parts.settings.cache ?? OFF;
  const refused = refusal(options);
  if (refused !== undefined) return unused(refused);
  try {
    const prospect = await lookAhead(parts, options);
    try {
      const description = describeProspect(parts, prospect, options.mode === 'on');
      requireLimit(prospect, description, options);
      return description;
    } finally {
      await prospect.book.flush();
      await prospect.records.close();
    }
  } catch (error) {
    return unused(reasonOf(error));
  }
}
