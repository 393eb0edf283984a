import type { EncodedSequence } from '../data/sequence.js';
import { positionOffset } from '../model/attach.js';
import { describeEnvironment } from '../prepare/environment.js';
import type { CacheOptions } from '../training/settings.js';
import { CannotStore } from './lookAt.js';
import { preprocessingHash } from './preprocessing.js';
import { type Probe, probe } from './probe.js';
import { createSequenceBook, type SequenceBook } from './sequenceBook.js';
import { type EntrySet, openEntrySet } from './store/entrySet.js';
import { storeFolder } from './store/setFolder.js';
import type { StoreParts } from './storeParts.js';
import { planStreams, type StorePlan } from './streamPlan.js';
import { openValueSet, type ValueSet } from './valueStore.js';
import type { StreamSets } from './valueWriter.js';

/** What may be stored for a run, and the sequences that were looked at to tell. */
export interface Prospect {
  readonly root: string;
  readonly book: SequenceBook;
  readonly records: EntrySet;
  readonly probe: Probe;
  readonly plan: StorePlan;
}

const nameOf = ({ settings }: StoreParts): string => settings.backbone.from ?? 'made by the run';

const engine = () => {
  const { vlgraft, engine: own } = describeEnvironment();
  const { backend, version, device } = own;
  return { vlgraft, backend, version, device };
};

/** What values of a backbone follow from, besides the inputs that they are stored under. */
const backboneIdentity = ({ prepared: { backbone, parts } }: StoreParts) => ({
  backbone: backbone.hash,
  precision: parts.precision,
  positionOffset: positionOffset(parts.attached),
  ...engine(),
});

const openRecords = (parts: StoreParts, root: string): Promise<EntrySet> => {
  const { backbone, processor, tokenizerFolder } = parts.prepared;
  const identity = { preprocessing: preprocessingHash(backbone, processor, tokenizerFolder) };
  return openEntrySet(root, { kind: 'inputs', backbone: nameOf(parts), what: 'sequences', identity });
};

/**
 * Looks at a few examples to see what can be stored. Throws CannotStore with the reason where nothing can; the caller
 * closes `records`.
 */
export async function lookAhead(parts: StoreParts, options: CacheOptions): Promise<Prospect> {
  const { processor, backbone } = parts.prepared;
  const { task, options: own } = parts.prepared.task;
  if (task.teacher?.(own)) throw new CannotStore('the task learns from a teacher, which reads the inputs');
  if (!processor.storage) throw new CannotStore('sequences of this backbone are not kept');
  const root = storeFolder(options.folder);
  const records = await openRecords(parts, root);
  try {
    const book = createSequenceBook(processor, backbone.shape, records);
    const found = await probe(parts, book);
    const plan = planStreams(backbone.shape, [...found.calls.values()].flat(), options);
    book.withoutPictures = await needsNoPictures(parts, book, found, plan);
    for (const row of found.rows) book.release(row);
    return { root, book, records, probe: found, plan };
  } catch (error) {
    await records.close();
    throw error;
  }
}

/** Names of the inputs that are made of the values of pictures. */
function pictureInputs({ prepared: { processor } }: StoreParts, whole: EncodedSequence): ReadonlySet<string> {
  const [all, rest] = [
    processor.collate([whole]),
    processor.collate([processor.storage?.withoutPictures(whole) ?? whole]),
  ];
  return new Set(Object.keys(all).filter((name) => all[name]?.data.length !== rest[name]?.data.length));
}

/** Whether no stream that is computed at each visit reads pictures. */
async function needsNoPictures(parts: StoreParts, book: SequenceBook, found: Probe, { computed }: StorePlan) {
  const streams = parts.prepared.backbone.shape.streams.filter(({ name }) => computed.has(name));
  for (const row of streams.length > 0 ? found.rows : []) {
    const names = pictureInputs(parts, await book.whole(row));
    if (streams.some(({ inputs }) => inputs.some((name) => names.has(name)))) return false;
  }
  return true;
}

/** Opens the sets of a plan; the caller closes them. */
export async function openSets(parts: StoreParts, { root, plan }: Prospect): Promise<StreamSets[]> {
  const backbone = { name: nameOf(parts), identity: backboneIdentity(parts) };
  const opened: StreamSets[] = [];
  try {
    for (const stream of plan.streams) {
      const sets: ValueSet[] = [];
      opened.push({ ...stream, sets });
      for (const value of stream.values) sets.push(await openValueSet(root, value, backbone));
    }
    return opened;
  } catch (error) {
    for (const { sets } of opened) for (const set of sets) await set.close();
    throw error;
  }
}
