import type { Example } from '../../tasks/example.js';
import { SEQUENCE_ROWS } from '../backbones/sequenceRows.js';
import type { HostBatch } from '../base/hostTensor.js';
import { createHostCollator } from '../model/batch.js';
import { groupsOf, membersOf } from '../model/groups.js';
import type { StreamName } from '../nn/sites.js';
import { totalSteps } from '../training/microBatches.js';
import type { RunSettings } from '../training/settings.js';
import { type LookedAt, lookAt } from './lookAt.js';
import type { SequenceBook } from './sequenceBook.js';
import type { StoreParts } from './storeParts.js';

/** Examples of each group that are looked at. */
const EXAMPLES = 8;
/** Visits of them that are compared. */
const MOST_VISITS = 4;

/** What looking at a few examples told. */
export interface Probe {
  /** Passes of the backbone by the names of a batch's inputs. */
  readonly calls: ReadonlyMap<string, readonly LookedAt[]>;
  /** Times that each example is visited in training. */
  readonly visits: number;
  /** Whether an example asks for the same sequences at each visit. */
  readonly isFixed: boolean;
  /** Sequences that an example asks for at a visit. */
  readonly asked: number;
  /** Different ones that it asks for in all its visits. */
  readonly different: number;
  /** Their rows in the book. */
  readonly rows: readonly number[];
}

/** Names of the inputs of a batch, by which the passes that it asks for are known. */
export const inputNames = (batch: HostBatch): string => Object.keys(batch).sort().join();

/** Rows that a pass reads of a batch. */
export const rowsOf = (batch: HostBatch, { prefix }: Pick<LookedAt, 'prefix'>): Int32Array =>
  batch[prefix + SEQUENCE_ROWS]?.data as Int32Array;

const spread = <T>(items: readonly T[], count: number): T[] =>
  Array.from({ length: Math.min(count, items.length) }, (_, at) => {
    return items[Math.floor((at * items.length) / Math.min(count, items.length))] as T;
  });

/** Times that training visits each example. */
function visitsOf({ settings, prepared }: StoreParts): number {
  const { task, splits } = prepared;
  const { training } = settings;
  const lengths = splits.train.map((example) => task.task.length(example));
  const groups = groupsOf(task, splits.train);
  const steps = totalSteps({ lengths, ...(groups && { groups }) }, training);
  return (steps * training.batchSize * training.accumulate) / Math.max(1, splits.train.length);
}

const seedOf = ({ seed }: RunSettings, visit: number) => [seed, 'batch', visit];

/**
 * Looks at a few examples of each group, as training and evaluation will see them. Throws CannotStore where what they
 * ask of the backbone can't be stored by sequence.
 */
export async function probe(parts: StoreParts, book: SequenceBook): Promise<Probe> {
  const { settings, prepared } = parts;
  const { task, splits } = prepared;
  const collator = createHostCollator(task, book.processor);
  const visits = visitsOf(parts);
  const compared = Math.max(1, Math.min(MOST_VISITS, Math.ceil(visits)));
  const calls = new Map<string, readonly LookedAt[]>();
  const first = new Set<string>();
  const all = new Set<string>();
  const rows = new Set<number>();
  let examples = 0;
  let asked = 0;

  const look = async (batch: HostBatch, training: boolean) =>
    lookAt(parts.model, batch, { ownInputs: await book.ownInputs(batch), training });

  const note = (batch: HostBatch, visit: number, looked: readonly LookedAt[]) => {
    for (const call of looked) {
      for (const row of rowsOf(batch, call)) {
        const key = `${call.attention} ${keyText(book, row, call.streams)}`;
        if (visit === 0) first.add(key);
        all.add(key);
        rows.add(row);
        asked += 1;
      }
    }
  };

  const lookAtVisits = async (chosen: readonly Example[]) => {
    examples += chosen.length;
    for (let visit = 0; visit < compared; visit++) {
      const how = { training: true, seed: seedOf(settings, visit) };
      const batch = await collator.collate(chosen, how);
      const signature = inputNames(batch);
      const looked = calls.get(signature) ?? (await look(batch, true));
      calls.set(signature, looked);
      note(batch, visit, looked);
    }
  };

  const lookAtEvaluation = async (chosen: readonly Example[]) => {
    const batch = await collator.collate(chosen, { training: false, seed: seedOf(settings, 0) });
    const signature = inputNames(batch);
    if (!calls.has(signature)) calls.set(signature, await look(batch, false));
  };

  const groupsIn = (split: readonly Example[]) =>
    [...membersOf(task, split).values()].map((members) =>
      spread(members, EXAMPLES).map((index) => split[index] as Example),
    );
  for (const chosen of groupsIn(splits.train)) await lookAtVisits(chosen);
  for (const split of [splits.validation, splits.test]) {
    for (const chosen of groupsIn(split ?? [])) await lookAtEvaluation(chosen);
  }
  const perVisit = (all.size - first.size) / Math.max(1, compared - 1);
  return {
    calls,
    visits,
    isFixed: all.size === first.size,
    asked: asked / compared / Math.max(1, examples),
    different: (first.size + perVisit * Math.max(0, visits - 1)) / Math.max(1, examples),
    rows: [...rows],
  };
}

const keyText = (book: SequenceBook, row: number, streams: readonly StreamName[]): string =>
  streams.map((stream) => book.sequence(row).keys.get(stream)?.toString('hex') ?? '').join(' ');
