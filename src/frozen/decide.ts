import { UsageError } from '../base/errors.js';
import { formatBytes } from '../base/figures.js';
import type { CacheOptions } from '../training/settings.js';
import { type Estimate, estimateBytes } from './estimate.js';
import { CannotStore } from './lookAt.js';
import type { Prospect } from './openStore.js';
import { makeRoom, reachableBytes, usualLimit } from './store/makeRoom.js';
import { MOST_BYTES } from './store/memoryEntries.js';
import type { StoreParts } from './storeParts.js';
import { describePlan } from './streamPlan.js';
import type { StreamSets } from './valueWriter.js';

/** What of the backbone is stored for a run, or why nothing is. */
export interface CutDescription {
  readonly used: boolean;
  /** `hidden.0 and pooled of scenes-tiny`; empty where nothing is stored. */
  readonly what: string;
  /** One sentence without a full stop. */
  readonly reason: string;
  readonly bytesPerExample: number;
  /** For all splits. */
  readonly totalBytes: number;
}

/** Nothing is stored. */
export const unused = (reason: string): CutDescription => ({
  used: false,
  what: '',
  reason,
  bytesPerExample: 0,
  totalBytes: 0,
});

/** Visits of each different sequence from which on storing may pay. */
const FEWEST_VISITS = 1.5;

/** Times that training asks for each different sequence. */
export const visitsOfSequence = ({ probe: { visits, asked, different } }: Prospect): number =>
  (asked * visits) / Math.max(different, Number.MIN_VALUE);

function requireVisits(prospect: Prospect): void {
  const { visits, isFixed } = prospect.probe;
  const each = visitsOfSequence(prospect);
  if (each >= FEWEST_VISITS) return;
  const often = `${each.toFixed(1)} times`;
  if (visits >= FEWEST_VISITS && !isFixed) {
    throw new CannotStore(`the task draws other inputs at each visit: training sees each about ${often}`);
  }
  throw new CannotStore(`training sees each example about ${often}`);
}

/** What a run will store. Throws CannotStore where it had better not, unless it must. */
export function describeProspect(
  parts: StoreParts,
  prospect: Prospect,
  mustStore: boolean,
): CutDescription & Estimate {
  if (!mustStore) requireVisits(prospect);
  const estimate = estimateBytes(parts, prospect.book, prospect.probe, prospect.plan);
  const visits = visitsOfSequence(prospect);
  return {
    used: true,
    what: `${describePlan(prospect.plan)} of ${parts.settings.backbone.from ?? 'the backbone'}`,
    reason: `frozen, and training sees each input about ${visits.toFixed(1)} times`,
    ...estimate,
  };
}

const GIGABYTE = 1e9;

/** Bytes that everything stored may take together. */
const limitOf = ({ root }: Prospect, { limit }: CacheOptions): number =>
  limit === undefined ? usualLimit(root) : Math.min(limit * GIGABYTE, reachableBytes(root));

const tooMuch = (needed: number, limit: number): string =>
  `${formatBytes(needed)} would have to be stored, and ${formatBytes(limit)} may be in all`;

/** Throws CannotStore where all values together are more than may be stored, or kept in memory instead. */
export function requireLimit(prospect: Prospect, { totalBytes }: Estimate, options: CacheOptions): void {
  const limit = limitOf(prospect, options);
  const mayKeep = totalBytes <= MOST_BYTES && totalBytes <= (options.limit ?? 1) * GIGABYTE;
  if (totalBytes > limit && !mayKeep) throw new CannotStore(tooMuch(totalBytes, limit));
}

/** Share of the sequences that were looked at that every set has already. */
function shareThere({ book, probe }: Prospect, streams: readonly StreamSets[]): number {
  const pairs = streams.flatMap(({ stream, sets }) =>
    probe.rows.flatMap((row) => {
      const key = book.sequence(row).keys.get(stream.name);
      return key ? [sets.every((set) => set.has(key))] : [];
    }),
  );
  return pairs.filter(Boolean).length / Math.max(1, pairs.length);
}

/** What came of making room: names of the sets that were removed, and why there is not enough on disk. */
export interface MadeRoom {
  readonly removed: readonly string[];
  readonly lacking?: string;
}

/**
 * Makes room on disk for what is missing, where there is not enough by removing what was unused for longest. What the
 * disk has no room for may be kept in memory. Throws CannotStore where it is too much for that, or more than the recipe's
 * own limit, UsageError where it must be stored nevertheless.
 */
export function requireRoom(
  prospect: Prospect,
  streams: readonly StreamSets[],
  { totalBytes }: Estimate,
  options: CacheOptions,
): MadeRoom {
  const limit = limitOf(prospect, options);
  const needed = totalBytes * (1 - shareThere(prospect, streams));
  const kept = new Set([
    prospect.records.folder,
    ...streams.flatMap(({ sets }) => sets.map(({ folder }) => folder)),
  ]);
  const { enough, removed } = makeRoom(prospect.root, limit, needed, kept);
  if (enough) return { removed };
  const message = tooMuch(needed, limit);
  const isOwnLimit = options.limit !== undefined && needed > options.limit * GIGABYTE;
  if (!isOwnLimit && totalBytes <= MOST_BYTES) return { removed: [], lacking: message };
  if (options.mode !== 'on' || !isOwnLimit) throw new CannotStore(message);
  throw new UsageError({ where: 'cache.limit', message, expected: 'a higher limit, or "mode": "auto"' });
}
