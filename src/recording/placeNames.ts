import type { Picture, PicturePlace } from '../data/sequence.js';

/** 1-based rank of a value among the different ones. */
const rankIn = (values: readonly number[], value: number): number =>
  [...new Set(values)].sort((a, b) => a - b).indexOf(value) + 1;

/** The same name twice is told apart by numbers. */
function numbered(names: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  const seen = new Map<string, number>();
  return names.map((name) => {
    if (counts.get(name) === 1) return name;
    const number = (seen.get(name) ?? 0) + 1;
    seen.set(name, number);
    return `${name} ${number}`;
  });
}

/** What a person calls the parts of one picture: what the dataset calls a box, or the row and column of a patch. */
export function placeNames(
  places: readonly Pick<PicturePlace, 'part' | 'box'>[],
  { labelNames }: Picture,
): string[] {
  const parts = places.flatMap(({ part, box }) => (part && box === undefined ? [part] : []));
  const [rows, columns] = [parts.map(([, top]) => top), parts.map(([left]) => left)];
  const names = places.map(({ part, box }) => {
    if (!part) return 'whole picture';
    if (box !== undefined) return labelNames?.[box] ?? 'box';
    return `row ${rankIn(rows, part[1])}, column ${rankIn(columns, part[0])}`;
  });
  return numbered(names);
}
