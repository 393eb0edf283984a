import { missingFile, openSegment, type PlacedRecord, type SegmentReader, segmentNames } from './segment.js';

/** A value and the segment that it lies in. */
export interface Located extends Omit<PlacedRecord, 'mates'> {
  readonly segment: SegmentReader;
  /** Names of the entries that were written with it, and its own. */
  readonly mates: string[];
}

/** Keys as members of maps. */
export const nameOf = (key: Buffer): string => key.toString('latin1');

/** The records of all segments of a set, by key. */
export interface Segments {
  readonly located: ReadonlyMap<string, Located>;
  /** Looks for what other processes have written. */
  refresh(): void;
  /** Forgets an entry with all that were computed together with it, here and on disk; how many they were. */
  drop(entry: Located): number;
  /** Paths of files that were found damaged, or missing, so far. */
  readonly damaged: ReadonlySet<string>;
  close(): void;
}

/** Opens what is there; segments that can't be read are left out. */
export function openSegments(folder: string): Segments {
  const readers = new Map<string, { reader: SegmentReader; pieces: Map<number, string[]> }>();
  const located = new Map<string, Located>();
  const missing = new Set<string>();

  const openOne = (name: string): void => {
    const lacking = missingFile(folder, name);
    if (lacking !== undefined) {
      missing.add(lacking);
      return;
    }
    try {
      readers.set(name, { reader: openSegment(folder, name), pieces: new Map() });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  };
  const namesHere = (): string[] => {
    try {
      return segmentNames(folder);
    } catch {
      return []; // the set was removed meanwhile
    }
  };
  const refresh = () => {
    for (const name of namesHere()) if (!readers.has(name)) openOne(name);
    for (const { reader, pieces } of readers.values()) {
      for (const record of reader.newRecords()) {
        const name = nameOf(record.key);
        if (located.has(name)) continue;
        const mates = pieces.get(record.piece) ?? [];
        pieces.set(record.piece, mates);
        mates.push(name);
        located.set(name, { ...record, segment: reader, mates });
      }
    }
  };
  refresh();
  return {
    located,
    refresh,
    get damaged() {
      return new Set([...missing, ...[...readers.values()].flatMap(({ reader }) => [...reader.damaged])]);
    },
    drop: ({ segment, mates }) => {
      segment.blameValues();
      const dropped = mates.splice(0).flatMap((name) => {
        const mate = located.get(name);
        located.delete(name);
        return mate ? [mate.position] : [];
      });
      segment.erase(dropped);
      return dropped.length;
    },
    close: () => {
      for (const { reader } of readers.values()) reader.close();
    },
  };
}
